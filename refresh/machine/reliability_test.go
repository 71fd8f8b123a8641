package machine

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/reliability.md says which story or test holds which rule. These tests keep that
// true: what it names is there, every story has a place, and each change of a phase
// that it lists happens in the stories that it names for it, and in no other list.

var (
	storyName = regexp.MustCompile("`([0-9]{2,3}-[a-z0-9-]+)`")
	testName  = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	change    = regexp.MustCompile(`(?m)^\| (\w+) -> (\w+) \| (.*) \|$`)
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

func reliability(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// firsts returns the first group of each match.
func firsts(r *regexp.Regexp, text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range r.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

func stories(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories (%v)", err)
	}
	all := map[string]string{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txt")] = string(b)
	}
	return all
}

func TestReliabilityNamesEveryStory(t *testing.T) {
	t.Parallel()
	named, there := firsts(storyName, reliability(t)), stories(t)
	for name := range named {
		if there[name] == "" {
			t.Errorf("there is no story %s", name)
		}
	}
	for name := range there {
		if !named[name] {
			t.Errorf("story %s stands for no rule", name)
		}
	}
}

func TestReliabilityNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	named := firsts(testName, reliability(t))
	if len(named) < 50 {
		t.Errorf("it names %d tests only", len(named))
	}
	there := testsOf(t, "../..")
	for name := range named {
		if !there[name] {
			t.Errorf("there is no test %s", name)
		}
	}
}

// testsOf returns the names of all tests below a directory.
func testsOf(t *testing.T, root string) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && len(strings.Trim(d.Name(), ".")) > 0):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		b, err := os.ReadFile(path) //nolint:gosec // a file of the project
		maps.Copy(there, firsts(testFunc, string(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// TestReliabilityShowsEachChangeOfPhase holds the table of phases against the stories.
func TestReliabilityShowsEachChangeOfPhase(t *testing.T) {
	t.Parallel()
	shown := map[string][]string{} // the stories that show a change
	for name, story := range stories(t) {
		for _, c := range changes(t, story) {
			shown[c] = append(shown[c], name)
		}
	}
	listed := map[string]bool{}
	for _, row := range change.FindAllStringSubmatch(reliability(t), -1) {
		c := row[1] + " -> " + row[2]
		listed[c] = true
		names := firsts(storyName, row[3])
		if len(names) == 0 {
			t.Errorf("%s has no story", c)
		}
		for name := range names {
			if !slices.Contains(shown[c], name) {
				t.Errorf("%s does not happen in %s, but in %v", c, name, shown[c])
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(shown)) {
		if !listed[c] {
			t.Errorf("%s is not in the table; it happens in %v", c, shown[c])
		}
	}
}

// changes plays a story and returns how the phases of its operations change.
func changes(t *testing.T, story string) []string {
	t.Helper()
	s, found := newScenario(t), map[string]bool{}
	for _, line := range commands(story) {
		before := s.state
		s.command(line)
		for _, op := range slices.Concat(s.state.Pending, s.state.Recent) {
			from := Phase("new")
			if old, known := before.Find(op.Number); known {
				from = old.Phase
			}
			if from != op.Phase {
				found[fmt.Sprintf("%s -> %s", from, op.Phase)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// commands are the lines of a story without comments and results.
func commands(story string) (lines []string) {
	for line := range strings.Lines(story) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "  ") {
			lines = append(lines, line)
		}
	}
	return lines
}
