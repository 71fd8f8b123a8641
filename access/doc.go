// Package access decides who may ask for a refresh and who may cancel one.
//
// Whether a request may come in at all is decided before it gets here: the Functions
// host checks the function key, and App Service authentication ("Easy Auth"), where it
// is switched on, the caller's token. What is left is to tell callers apart and to
// hold them against a policy.
//
//	headers -> [Gate.Identify] -> [Caller] -> [Policy.Permits] -> yes or no
//
// Everything here is pure: no I/O, no clock, no state.
//
// # Who is calling
//
// With Easy Auth on, the platform puts the caller's claims into the header
// X-MS-CLIENT-PRINCIPAL and takes away what a client sent under that name
// (documented: "Work with user identities in Azure App Service authentication"). With
// Easy Auth off nobody takes it away, and anybody could send it: it is not looked at.
// The platform tells by the variable WEBSITE_AUTH_ENABLED (documented: "Environment
// variables and app settings in Azure App Service"; the host reads the same one).
//
// A function key that the host has checked reaches this process as it was sent; its
// name does not. A policy can give keys names by their SHA-256. Azure makes function
// keys of random bytes, so a hash gives nothing away; do not list a key that a person
// made up.
//
// # The policy
//
// Without a policy every caller may do everything that ALLOWED_MODELS and the keys
// allow. With one, nothing is allowed that no rule allows. A rule names callers,
// actions and models; each must match. The format is policy.schema.json, and a test
// holds the parser against it. A file with anything wrong in it is refused whole, and
// all that is wrong is told.
//
// # Not guaranteed
//
// Reading a status needs no right but the status URL itself. What schedules ask for is
// not held against the policy: they are part of the app, and whoever deploys it decides
// them. Whoever
// can reach the process without the host (it listens on loopback) can claim anything.
package access
