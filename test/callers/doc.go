// Package callers is the home of stand-ins for the services that call this app:
// Data Factory and its kin, Logic Apps, Azure SQL. They exist for the tests of
// integrations/: each reads a template as a user would import it and sends what
// the service would send, by the rules that the service publishes.
//
// Every rule has its source in a comment: documented, seen (where), or
// unverified. Where the documents leave room, a stand-in takes the reading that
// is worse for us, or has an option and the tests run both.
//
// # Not guaranteed
//
// That the services do the same. Nothing in here ran against them, and what the
// templates do not use is not there: an activity, a function or a statement that
// is not known is an error, never skipped.
package callers
