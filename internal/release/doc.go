// Package release makes what is published beside the zips of a release, from what
// is already there: the section of the changelog ([Notes]), the checksums
// ([Sums]), a bill of materials that does not depend on who made it ([Settled]), and the
// check of the licences that it lists ([CheckLicences]).
//
// All of it is a function of its inputs: no clock, no network, no environment. The
// same commit gives the same bytes.
//
// # Not guaranteed
//
// Nothing here says who built the files. The release workflow lets its platform sign
// that (SLSA provenance, `gh attestation verify`).
package release
