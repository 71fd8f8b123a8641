// Package cli is the command line for people who operate an app: refresh, status,
// watch, cancel, history, audit and more. cmd/pbirefresh adds the commands that need
// the sources of the project.
//
// Results go to standard output, everything else to standard error. Messages are one
// line, in lower case; errors begin with "pbirefresh: ". [ExitCodes] lists the exit
// codes, docs/cli.md explains them.
//
// Secrets: a function key comes from the environment, a profile or standard input, never
// from an argument, because arguments are visible to other processes and kept in the
// history of shells. The signature of a status URL is printed only if --show-url asks
// for it.
package cli
