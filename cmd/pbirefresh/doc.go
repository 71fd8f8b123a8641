// Command pbirefresh is the command line for people: those who develop this
// project, and those who operate an app.
//
//	pbirefresh dev       refresh a model end to end on this machine
//	pbirefresh sim       serve the stand-ins alone, for your own tests
//	pbirefresh package   stage dist/ and make the zips to deploy
//	pbirefresh release   package, and make what is published with it
//	pbirefresh trigger   ask an app for a refresh, and watch it
//	pbirefresh watch     watch an operation by its status URL
//	pbirefresh cancel    cancel an operation
//	pbirefresh audit     show who asked for what
//	pbirefresh schedule  check a schedule file, or make an entry of Power BI's own schedule
//	pbirefresh help      list these, or tell the options of one
//
// Output rules: what a command was asked for goes to standard output, everything
// else to standard error; messages are lower case, one line, and errors begin
// with "pbirefresh: ". Exit codes: 0 success, 1 failed, 2 wrong use.
package main
