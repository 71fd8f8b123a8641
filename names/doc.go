// Package names keeps the names of workspaces and models for lists and documents. Ids stay
// the truth: nothing is decided by a name, and a missing name is empty.
//
// Two reads of Power BI give all names of a workspace: the workspace and the list of its
// models. They run in the background, once at a time for a workspace and two at a time for
// the process. Names are read when somebody asks for one, and again after an hour. A failed
// read, or a model that is not in the list, is tried again after five minutes; until then
// the names that are known are returned.
//
// A caller waits half a second at most, and only for names that no read has returned yet.
// The cache has at most 1,000 workspaces and 50,000 models, a few megabytes.
package names
