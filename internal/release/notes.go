package release

import (
	"fmt"
	"strings"
)

// Unreleased is the section that collects what has no version yet.
const Unreleased = "Unreleased"

// Notes returns the section of the changelog that describes a version such as
// v1.2.0, without its heading, and the heading's name. A version that has no section
// of its own (a build between two releases) gets the section Unreleased.
//
// The format is Keep a Changelog: "## 1.2.0 - 2026-11-25" or "## [1.2.0] - ...".
func Notes(changelog, version string) (name, text string, err error) {
	sections := split(changelog)
	for _, name := range []string{strings.TrimPrefix(version, "v"), Unreleased} {
		if text, ok := sections[name]; ok {
			return name, text, nil
		}
	}
	return "", "", fmt.Errorf("release: the changelog has neither a section %q nor %q", strings.TrimPrefix(version, "v"), Unreleased)
}

// Released returns the section of a version, and an error if it has none: a release needs
// its section.
func Released(changelog, version string) (string, error) {
	name, text, err := Notes(changelog, version)
	switch {
	case err != nil:
		return "", err
	case name == Unreleased:
		return "", fmt.Errorf("release: CHANGELOG.md has no section for %s: rename Unreleased to \"%s - <date>\" in the commit that is tagged", version, strings.TrimPrefix(version, "v"))
	case text == "":
		return "", fmt.Errorf("release: the section %s of CHANGELOG.md is empty", name)
	}
	return text, nil
}

func split(changelog string) map[string]string {
	sections := map[string]string{}
	for _, part := range strings.Split("\n"+strings.ReplaceAll(changelog, "\r\n", "\n"), "\n## ")[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		name, _, _ := strings.Cut(heading, " - ")
		sections[strings.Trim(strings.TrimSpace(name), "[]")] = strings.TrimSpace(body)
	}
	return sections
}
