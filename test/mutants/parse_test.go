package main

import (
	"errors"
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
	got, err := parse("words\n\n## take away: x\nf.go\n<<<<\na\nb\n====\n>>>>\n./p -run Q\nfails: FAIL: Q/one\n")
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if m := got[0]; m.name != "take away: x" || m.file != "f.go" || m.old != "a\nb" || m.now != "" || len(m.args) != 3 || m.fails != "FAIL: Q/one" || m.byHand {
		t.Errorf("%+v", m)
	}
	got, err = parse("## slow\nf.go\n<<<<\na\n====\nb\n>>>>\n./p\nfails: x\nby hand\n")
	if err != nil || len(got) != 1 || !got[0].byHand || got[0].fails != "x" {
		t.Errorf("%+v %v", got, err)
	}
	got, err = parse("## read\nf.yml\n<<<<\na\n====\nb\n>>>>\n./p\nfails: x\nin a copy\n")
	if err != nil || len(got) != 1 || !got[0].copied || got[0].byHand || got[0].fails != "x" {
		t.Errorf("%+v %v", got, err)
	}
	for name, text := range map[string]string{
		"no file": "## x\n<<<<\na\n====\nb\n>>>>\n./p\nfails: x\n", "nothing changed": "## x\nf.go\n<<<<\na\n====\na\n>>>>\n./p\nfails: x\n",
		"no tests": "## x\nf.go\n<<<<\na\n====\nb\n>>>>\nfails: x\n", "no old text": "## x\nf.go\n====\nb\n>>>>\n./p\nfails: x\n",
		"no reason": "## x\nf.go\n<<<<\na\n====\nb\n>>>>\n./p\n", "two reasons": "## x\nf.go\n<<<<\na\n====\nb\n>>>>\n./p\nfails: x\nfails: y\n",
	} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// A bug is caught only if the tests fail, and fail for the reason that it has.
func TestJudge(t *testing.T) {
	t.Parallel()
	m, failed := mutant{fails: "FAIL: TestX"}, errors.New("exit status 1")
	if err := m.judge("--- FAIL: TestX", failed); err != nil {
		t.Error(err)
	}
	for name, out := range map[string]string{"another test": "--- FAIL: TestY", "no build": "FAIL: TestX [build failed]"} {
		if m.judge(out, failed) == nil {
			t.Errorf("%s counts as caught", name)
		}
	}
	if m.judge("ok", nil) == nil {
		t.Error("tests that pass count as caught")
	}
}

// What takes minutes is not tried by the way.
func TestWanted(t *testing.T) {
	t.Parallel()
	m, slow := mutant{name: "drop it"}, mutant{name: "chaos: drop it", byHand: true}
	for only, want := range map[string][2]bool{"": {true, false}, "drop": {true, false}, "chaos": {false, true}} {
		if got := [2]bool{m.wanted(only), slow.wanted(only)}; got != want {
			t.Errorf("%q: %v", only, got)
		}
	}
}
