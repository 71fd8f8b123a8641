// Package integrations tests the files for the callers of pbirefresh, which are in the
// folder integrations/ of the project, one folder for each caller. The tests
//
//   - hold every file against what the service that reads it publishes
//     (checks.mjs and packages pinned in tools/package.json, or a list of our own
//     where nothing is published);
//   - keep the files that are made from others equal to their source
//     (go test ./test/integrations -run Generated -update makes them);
//   - send every request that a file would send to the staged app under the
//     emulators, by the rules of that service (test/callers), to success, to
//     failure with its reason, and through a restart of the process in the middle;
//   - do the same with programs as they are: the scripts, our own Go client, and the
//     pollers of the Azure SDKs for Go, JavaScript and Python (the latter with the
//     build tag clients: make clients installs what it needs);
//   - read the pages: the commands, fields and messages that they name exist.
//
// docs/callers.md says which test covers which rule.
package integrations
