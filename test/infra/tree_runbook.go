package checks

import (
	"regexp"
	"slices"
	"strings"
)

// runbookRules: each alert leads to its section of docs/runbook.md, each section has its
// alert, and says what it means, where to look and what to do.
func runbookRules(t Tree) (f findings) {
	sections, events := runbookSections(t), map[string]string{}
	alerts, err := alertsOf(t)
	if err != nil {
		return findings{err.Error()}
	}
	for key, a := range alerts {
		events[key], _ = asked("", a.query)
		if _, ok := sections[key]; !ok {
			f.add("docs/runbook.md has no section %s", key)
		}
	}
	for key, section := range sections {
		event, ok := events[key]
		if !ok {
			f.add("docs/runbook.md has a section %s, and there is no such alert", key)
			continue
		}
		f = append(f, sectionRules(key, section, event)...)
	}
	return append(f, referenceRules(t, sections)...)
}

var (
	sectionHead = regexp.MustCompile(`(?m)^## ([a-z_]+)$`)
	anyHead     = regexp.MustCompile(`(?m)^## `)
	queryFence  = regexp.MustCompile("(?ms)^```kql\n(.*?)^```$")
)

// runbookSections are those of alerts: their headings are names in small letters.
func runbookSections(t Tree) map[string]string {
	all, book := map[string]string{}, string(t["docs/runbook.md"])
	for _, head := range sectionHead.FindAllStringSubmatchIndex(book, -1) {
		rest := book[head[1]:]
		if next := anyHead.FindStringIndex(rest); next != nil {
			rest = rest[:next[0]]
		}
		all[book[head[2]:head[3]]] = rest
	}
	return all
}

// runbookQueries are those of a part of docs/runbook.md.
func runbookQueries(part string) (all []string) {
	for _, m := range queryFence.FindAllStringSubmatch(part, -1) {
		all = append(all, m[1])
	}
	return all
}

func sectionRules(key, section, event string) (f findings) {
	at := 0
	for _, part := range []string{"\n**It means**", "\n**Look**", "\n**Do"} {
		i := strings.Index(section[at:], part)
		if i < 0 {
			f.add("docs/runbook.md, %s: there is no %s, or not in its place", key, strings.TrimSpace(part))
			continue
		}
		at += i
	}
	var events []string
	for _, query := range runbookQueries(section) {
		name, found := asked("docs/runbook.md, "+key, query)
		f = append(f, found...)
		events = append(events, name)
	}
	if !slices.Contains(events, event) {
		f.add("docs/runbook.md, %s: no query looks for %s, which the alert waits for", key, event)
	}
	return f
}

var (
	localLink = regexp.MustCompile(`\(#([a-z_]+)\)`)
	otherLink = regexp.MustCompile(`\(([a-z]+\.md)\), (?:section ([0-9])|\*([^*]+)\*)`)
)

// referenceRules: what the runbook refers to is there.
func referenceRules(t Tree, sections map[string]string) (f findings) {
	book := string(t["docs/runbook.md"])
	for _, m := range localLink.FindAllStringSubmatch(book, -1) {
		if _, ok := sections[m[1]]; !ok {
			f.add("docs/runbook.md leads to #%s, which is not there", m[1])
		}
	}
	for _, m := range otherLink.FindAllStringSubmatch(book, -1) {
		head := "\n## " + m[3]
		if m[2] != "" {
			head = "\n## " + m[2] + "."
		}
		if !strings.Contains(string(t["docs/"+m[1]]), head) {
			f.add("docs/runbook.md leads to %s of docs/%s, which is not there", strings.TrimSpace(head), m[1])
		}
	}
	return f
}
