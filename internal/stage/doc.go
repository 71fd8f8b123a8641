// Package stage lays out the function app as the Azure Functions host wants it,
// and zips that for deployment.
//
// The host finds a function.json only in *direct children* of the script root
// (azure-functions-host, HostFunctionMetadataProvider; Azure-Functions#1267 is
// open), while the sources keep them together under functions/. A staged app is
//
//	host.json
//	schedules.json              if the sources have one
//	policy.json                 if the sources have one
//	<Function>/function.json    one folder a function
//	<executable>                named by customHandler.description.defaultExecutablePath
//
// and nothing else. [Stage] makes it, [Zip] packs it, [Verify] checks a zip as a
// deployment would meet it.
//
// # Rules
//
//   - A half-staged app is never seen under the name of a whole one: the tree is
//     made beside the target and then renamed. A crash in between leaves the old
//     app, or none, and a folder .stage-* that may be deleted.
//   - What no longer belongs is gone afterwards. A target that holds anything
//     that staging does not make is refused, not emptied, with one exception:
//     local.settings.json, which Core Tools read from the script root, stays.
//   - A zip depends only on the bytes of the files: entries are sorted, and times
//     and modes are fixed. It is "made by Unix", because the mode of the
//     executable counts only then; without the execute bit the app does not start
//     on Premium and Dedicated plans (azure-functions-core-tools#2510).
//   - local.settings.json, which may hold secrets, never gets into a zip.
//
// # Not guaranteed
//
// That schedules.json is right: it may have comments, and who packages the app checks it
// with the app's own parser. That the executable is for the platform of the app, or that the host accepts
// what host.json and function.json say: package local/funchost reads them as
// the host does. Two Go releases may compress the same bytes differently.
package stage
