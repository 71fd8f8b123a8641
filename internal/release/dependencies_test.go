package release_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is what the go command says of one.
type module struct {
	Path, Dir string
	Main      bool
	Indirect  bool
}

func modules(t *testing.T, args ...string) (all []module) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var m module
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// table is the rows of a section of docs/dependencies.md, by their first column.
func table(t *testing.T, section string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(b), "\n## "+section+"\n")
	text, _, _ := strings.Cut(after, "\n## ")
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(.*)\\|\r?$").FindAllStringSubmatch(text, -1) {
		for column := range strings.SplitSeq(m[2], "|") {
			rows[m[1]] = append(rows[m[1]], strings.TrimSpace(column))
		}
		if slices.Contains(rows[m[1]], "") {
			t.Errorf("%s: a column is empty", m[1])
		}
	}
	if !found || len(rows) == 0 {
		t.Fatalf("docs/dependencies.md has no table under %q", section)
	}
	return rows
}

// Each direct dependency has its reasons, and nothing else is listed.
func TestDirectDependenciesHaveReasons(t *testing.T) {
	t.Parallel()
	listed := table(t, "Direct")
	for _, m := range modules(t, "list", "-m", "-json", "all") {
		row, there := listed[m.Path]
		if delete(listed, m.Path); there != (!m.Main && !m.Indirect) {
			t.Errorf("%s: listed %v, and direct %v", m.Path, there, !m.Indirect)
		}
		if there && !licensed(t, m, row[1]) {
			t.Errorf("%s: its licence does not look like %s", m.Path, row[1])
		}
	}
	for path := range listed {
		t.Errorf("%s is no dependency", path)
	}
}

// What comes with them into the program is listed, and nothing else is.
func TestModulesOfTheProgramAreListed(t *testing.T) {
	t.Parallel()
	direct, listed := table(t, "Direct"), table(t, "What comes with them into the program")
	inside := map[string]module{}
	for _, p := range packages(t) {
		if p.Module != nil && !p.Module.Main {
			inside[p.Module.Path] = *p.Module
		}
	}
	for path, m := range inside {
		row, there := listed[path]
		if _, is := direct[path]; there == is {
			t.Errorf("%s is in the program: listed as direct %v, as another %v", path, is, there)
		}
		if there && !licensed(t, m, row[1]) {
			t.Errorf("%s: its licence does not look like %s", path, row[1])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(listed)) {
		if _, is := inside[path]; !is {
			t.Errorf("%s is not in the program", path)
		}
	}
}

type goPackage struct{ Module *module }

func packages(t *testing.T) (all []goPackage) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Module", "./cmd/refresher")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// licensed compares the licence in the module's files with the identifier, by words that
// only one of them has.
func licensed(t *testing.T, m module, id string) bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(m.Dir, "LICENSE*"))
	if err != nil || len(names) == 0 {
		t.Errorf("%s has no licence in %s", m.Path, m.Dir)
		return false
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(b)), " ")
	endorse := strings.Contains(text, "endorse or promote products")
	switch id {
	case "MIT":
		return strings.Contains(text, "Permission is hereby granted, free of charge")
	case "Apache-2.0":
		return strings.Contains(text, "Apache License Version 2.0")
	case "BSD-3-Clause":
		return strings.Contains(text, "Redistribution and use in source and binary forms") && endorse
	case "BSD-2-Clause":
		return strings.Contains(text, "Redistribution and use in source and binary forms") && !endorse
	default:
		return false
	}
}

// The modules of tools are those that the page lists.
func TestToolsAreListed(t *testing.T) {
	t.Parallel()
	listed := table(t, "Tools, in modules of their own")
	for _, pattern := range []string{"tools/go.mod", "tools/*/go.mod", "tools/package.json", "tools/*/package.json", "tools/*/requirements.txt", "tools/*/pom.xml", "test/*/go.mod"} {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name, err := filepath.Rel(filepath.Join("..", ".."), file)
			if err != nil {
				t.Fatal(err)
			}
			if name = filepath.ToSlash(name); listed[name] == nil && !strings.Contains(name, "node_modules") {
				t.Errorf("%s is not listed", name)
			}
			delete(listed, name)
		}
	}
	for name := range listed {
		t.Errorf("there is no %s", name)
	}
}

// Updates are proposed for every module and package, and for nothing that is gone.
func TestUpdatesAreProposedForAll(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", ".github", "dependabot.yml"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{} // folder and ecosystem: what makes it one
	for _, m := range regexp.MustCompile(`(?m)^  - package-ecosystem: (gomod|npm|pip|maven)\r?\n    directories: \[(.+)\]`).FindAllStringSubmatch(string(b), -1) {
		for dir := range strings.SplitSeq(m[2], ",") {
			listed[strings.Trim(dir, ` "`)+" "+m[1]] = map[string]string{"gomod": "go.mod", "npm": "package.json", "pip": "requirements.txt", "maven": "pom.xml"}[m[1]]
		}
	}
	for place, file := range listed {
		dir, _, _ := strings.Cut(place, " ")
		if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(dir), file)); err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
	for file := range table(t, "Tools, in modules of their own") {
		dir, base := filepath.ToSlash(filepath.Dir(file)), filepath.Base(file)
		if listed["/"+dir+" "+map[string]string{"go.mod": "gomod", "package.json": "npm", "requirements.txt": "pip", "pom.xml": "maven"}[base]] != base {
			t.Errorf("no updates are proposed for %s", file)
		}
	}
	if listed["/ gomod"] == "" || !strings.Contains(string(b), "package-ecosystem: github-actions") {
		t.Error("no updates are proposed for go.mod, or for actions")
	}
}
