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
	packages   []string
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
	now, packages, ok3 := strings.Cut(rest, ">>>>\n")
	now = strings.TrimSuffix(now, "\n") // nothing at all takes the old text away
	name, file, ok4 := strings.Cut(head, "\n")
	if !ok1 || !ok2 || !ok3 || !ok4 || old == "" || old == now || len(strings.Fields(packages)) == 0 {
		return mutant{}, errors.New("it is not: name, file, <<<<, old text, ====, new text, >>>>, packages")
	}
	return mutant{name: name, file: strings.TrimSpace(file), old: old, now: now, packages: strings.Fields(packages)}, nil
}
