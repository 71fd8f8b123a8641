// Package checks proves what can be proved of infra/ without a cloud.
//
//	schema    the recorded schemas of the providers (infra/testdata)
//	config    reads the .tf files without evaluating them
//	standin   a provider that has the recorded schemas and nothing behind them, for
//	          the real OpenTofu (make infra-check)
//
// Microsoft's own parser reads the queries of alerts and runbook (tools/kql), and a test holds what
// they ask for to lines that the program wrote.
//
// What infra/ must keep is in rules*.go, functions from a plan to problems, and how it goes
// together with the rest of the project in tree_*.go. The tests run them on what is there
// (no problem), and on what is there with a deliberate mistake in it (this problem:
// mistakes.txt).
//
// # Not proved
//
// Nothing here has met Azure. Values that only the service judges (a name that is taken,
// a size that a region lacks, a property that an API version refuses) pass. The schema of
// azapi is written from its documentation; that of azurerm is recorded, and covers the
// types that are used.
package checks
