// Command refresher is the custom handler: the process that the Azure Functions
// host starts and forwards requests to.
//
// It listens on 127.0.0.1:$FUNCTIONS_CUSTOMHANDLER_PORT at once, because the host
// waits for that and for nothing else, and warms up (the key of the status URLs,
// the secret, a token, the storage) behind it. It is crash-only: the host ends it
// with a kill and no warning, so there is no shutdown to run, and whatever was
// under way is taken up by the next request or sweep from the saved state. Leases that
// it holds run out. A host that is killed itself leaves the process behind: on Unix it
// ends within five seconds after its parent has changed, with exit code 1 (parent.go).
//
// All settings are read here and nowhere else, checked together, and every
// problem is told in one message. Wrong settings do not end the process: the host
// would restart it in a hot loop and then stop itself. It stays, and every call
// answers 503 with the cause.
package main
