// Command refresher is the custom handler: the process that the Azure Functions
// host starts and forwards requests to.
//
// It listens on 127.0.0.1:$FUNCTIONS_CUSTOMHANDLER_PORT at once, because the host
// waits for that and for nothing else, and warms up (the key of the status URLs,
// the secret, a token, the storage) behind it. It is crash-only: the host ends it
// with a kill and no warning, so there is no shutdown to run: the next request or sweep
// continues from the saved state. Leases that it holds expire. A host that is killed itself
// leaves the process behind: on Unix it ends within five seconds after its parent has
// changed, with exit code 1 (parent.go).
//
// All settings are read only here and checked together, and one message lists every
// problem. Wrong settings do not end the process: the host would restart it in a hot loop
// and then stop itself. It keeps running, and every call answers 503 with the cause.
package main
