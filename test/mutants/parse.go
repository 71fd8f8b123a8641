package main

import (
	"errors"
	"fmt"
	"strings"
)

// mutant is one deliberate bug.
type mutant struct {
	name, file string
	old, now   string
	args       []string // of go test
	fails      string   // is in its output
	byHand     bool
	copied     bool // the tests read the file themselves
}

// parse reads the list.
func parse(text string) ([]mutant, error) {
	var all []mutant
	for _, block := range strings.Split("\n"+text, "\n## ")[1:] {
		m, err := parseOne(block)
		if err != nil {
			return nil, fmt.Errorf("bug %d: %w", len(all)+1, err)
		}
		all = append(all, m)
	}
	return all, nil
}

func parseOne(block string) (mutant, error) {
	head, rest, ok1 := strings.Cut(block, "\n<<<<\n")
	old, rest, ok2 := strings.Cut(rest, "\n====\n")
	now, how, ok3 := strings.Cut(rest, ">>>>\n")
	now = strings.TrimSuffix(now, "\n") // nothing at all takes the old text away
	name, file, ok4 := strings.Cut(head, "\n")
	args, fails, ok5 := strings.Cut(strings.TrimSpace(how), "\nfails: ")
	fails, byHand := strings.CutSuffix(fails, "\nby hand")
	fails, copied := strings.CutSuffix(fails, "\nin a copy")
	m := mutant{name: name, file: strings.TrimSpace(file), old: old, now: now, args: strings.Fields(args), fails: fails, byHand: byHand, copied: copied}
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || old == "" || old == now || len(m.args) == 0 || fails == "" || strings.Contains(fails, "\n") {
		return mutant{}, errors.New("it is not: name, file, <<<<, old text, ====, new text, >>>>, arguments of go test, fails: words")
	}
	return m, nil
}
