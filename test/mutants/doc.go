// Command mutants checks the tests: it shows them deliberate bugs, one at a time, and
// fails if those that should catch one pass all the same. No file of the project is
// touched. Run it with `make mutants`; the bugs are in mutants.txt:
//
//	## name: what the bug does
//	path of the file
//	<<<<
//	text that is there exactly once
//	====
//	text in its place
//	>>>>
//	arguments of go test: the narrowest that must fail
//	fails: words of its output, such as the name of the test that must fail
//
// A last line "in a copy" is for a file that the test reads itself, such as a workflow.
//
// A bug that does not compile, whose text is not found, or that makes something else
// fail is an error: the list has to follow the code. One whose last line says "by hand"
// takes minutes and real processes, and is tried only if its name is asked for:
//
//	go run ./test/mutants chaos
//
// The bugs that a document has in its tables are tried by the document's name:
//
//	go run ./test/mutants SECURITY.md
package main
