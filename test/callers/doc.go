// Package callers has emulators of the services that call this app: Data Factory,
// Synapse and Fabric pipelines, Logic Apps and Power Automate. The tests of
// integrations/ use them: each reads a template as a user would import it and sends
// what the service would send, by the rules that the service publishes.
//
// Every rule has its source in a comment: documented, seen (where), or
// unverified. Where the documents leave room, an emulator takes the less favourable
// reading, or has an option and the tests run both.
//
// # Not guaranteed
//
// That the services do the same: nothing here ran against them. Only what the
// templates use is emulated: an unknown activity, function or member is an error,
// never skipped.
package callers
