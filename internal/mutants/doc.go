// Command mutants checks the tests: it puts deliberate bugs into a copy of the
// project, one at a time, and fails if the tests that should catch one pass all the
// same. Run it with `make mutants`; the bugs are in mutants.txt:
//
//	## name: what the bug does
//	path of the file
//	<<<<
//	text that is there exactly once
//	====
//	text in its place
//	>>>>
//	packages whose tests must fail
//
// A bug that does not compile, or whose text is not found, is an error: the list
// has to follow the code.
package main
