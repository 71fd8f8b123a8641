package main

import (
	"os"
	"strings"
	"testing"
)

// Every bug of the list fits the code as it is. That the tests catch them is shown
// by `make mutants`, which takes minutes.
func TestTheListFitsTheCode(t *testing.T) {
	t.Parallel()
	all, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Errorf("only %d bugs", len(all))
	}
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.name] {
			t.Errorf("%q is there twice", m.name)
		}
		seen[m.name] = true
		b, err := os.ReadFile("../../" + m.file)
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if n := strings.Count(string(b), m.old); n != 1 {
			t.Errorf("%s: its text is in %s %d times, not once", m.name, m.file, n)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := parse("words\n\n## take away: x\nf.go\n<<<<\na\nb\n====\n>>>>\n./p ./q\n")
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if m := got[0]; m.name != "take away: x" || m.file != "f.go" || m.old != "a\nb" || m.now != "" || len(m.packages) != 2 {
		t.Errorf("%+v", m)
	}
	for name, text := range map[string]string{
		"no file": "## x\n<<<<\na\n====\nb\n>>>>\n./p\n", "nothing changed": "## x\nf.go\n<<<<\na\n====\na\n>>>>\n./p\n",
		"no packages": "## x\nf.go\n<<<<\na\n====\nb\n>>>>\n", "no old text": "## x\nf.go\n====\nb\n>>>>\n./p\n",
	} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
