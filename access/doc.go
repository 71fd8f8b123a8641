// Package access decides who may ask for a refresh and who may cancel one.
//
// The Functions host checks the function key before a request gets here, and App Service
// authentication ("Easy Auth"), where it is on, checks the caller's token. This package
// identifies the caller and checks it against a policy.
//
//	headers -> [Gate.Identify] -> [Caller] -> [Policy.Permits] -> yes or no
//
// Everything here is pure: no I/O, no clock, no state.
//
// # Who is calling
//
// With Easy Auth on, the platform puts the caller's claims into the header
// X-MS-CLIENT-PRINCIPAL and removes what a client sent under that name (documented:
// "Work with user identities in Azure App Service authentication"). With Easy Auth off
// any client can send the header, so it is ignored. The platform sets the variable
// WEBSITE_AUTH_ENABLED (documented: "Environment variables and app settings in Azure App
// Service"; the host reads the same one).
//
// A function key that the host has checked reaches this process as it was sent; its
// name does not. A policy can give keys names by their SHA-256. Azure makes function
// keys of random bytes, so a hash reveals nothing; do not list a key that a person
// invented.
//
// # The policy
//
// Without a policy every caller may do everything that ALLOWED_MODELS and the keys
// allow. With a policy, only what a rule allows is allowed. A rule names callers, actions
// and models; each must match. The format is policy.schema.json, and a test compares the
// parser with it. A file with a mistake is refused as a whole, and its error lists every
// mistake.
//
// # Not guaranteed
//
//   - Reading a status by its status URL needs no right but that URL.
//   - Schedules are not checked against the policy: they are deployed with the app.
//   - A client that reaches the process without the host (it listens on loopback) can claim
//     to be any caller.
package access
