package integrations

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const page = "../docs/callers.md" // as a link of integrations/ has it

// tests are the test functions of the project, by name: the files that have one.
func tests(t *testing.T) map[string][]string {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	found := map[string][]string{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist" || d.Name() == "build"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = append(found[m[1]], string(text))
		}
		return err
	})
	if err != nil || len(found) < 100 {
		t.Fatalf("%d tests, %v", len(found), err)
	}
	return found
}

// missing lists the tests that a page names and that do not exist. What follows a
// slash is the name of a case: a text in a file that declares the test.
func missing(t *testing.T, text string, there map[string][]string) (problems []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("`(Test[^`/]*)(?:/([^`]*))?`").FindAllStringSubmatch(text, -1) {
		files, ok := there[m[1]]
		if !ok {
			problems = append(problems, m[1]+" does not exist")
		}
		if m[2] == "" || !ok {
			continue
		}
		if !strings.Contains(strings.Join(files, "\n"), `"`+m[2]+`"`) {
			problems = append(problems, m[1]+" has no case "+m[2])
		}
	}
	return problems
}

var (
	aRow   = regexp.MustCompile(`(?m)^\| ([A-Z]{1,2}[0-9]+|[a-n]) \|.*\|$`)
	aProof = regexp.MustCompile("`Test|not tested: ")
	aMark  = regexp.MustCompile(`\b(doc|seen|unverified)\b`)
)

const appendix = "\n## Appendix: the test of each row\n"

// withProofs returns the rows of a page, each with its cell of the appendix at the end.
// A row of the appendix without a row on the page stays as it is.
func withProofs(text string) string {
	page, proofs, _ := strings.Cut(text, appendix)
	shown, used := map[string]string{}, map[string]bool{}
	for _, m := range aRow.FindAllStringSubmatch(proofs, -1) {
		shown[m[1]] += strings.TrimPrefix(m[0], "| "+m[1])
	}
	page = aRow.ReplaceAllStringFunc(page, func(row string) string {
		id := aRow.FindStringSubmatch(row)[1]
		proof, ok := shown[id]
		if !ok {
			return row + " |" // an empty cell: no test
		}
		used[id] = true
		return strings.TrimSuffix(row, " |") + proof
	})
	for id, proof := range shown {
		if !used[id] {
			page += "\n| " + id + proof
		}
	}
	return page
}

// unproven lists the rows that have neither a test nor a reason for having none, and
// those about a caller without a source.
func unproven(text string) (problems []string, ids map[string]bool) {
	ids = map[string]bool{}
	for _, m := range aRow.FindAllStringSubmatch(text, -1) {
		cells := strings.Split(strings.Trim(m[0], "|"), " | ")
		id := m[1]
		if ids[id] {
			problems = append(problems, id+" is there twice")
		}
		ids[id] = true
		if !aProof.MatchString(cells[len(cells)-1]) {
			problems = append(problems, id+" has no test and no reason")
		}
		contract, conflict := strings.HasPrefix(id, "C"), len(id) == 1
		if !contract && !conflict && (len(cells) != 5 || !aMark.MatchString(cells[2])) {
			problems = append(problems, id+" does not say how it is known")
		}
	}
	return problems, ids
}

// docs/callers.md names tests that exist, and every row of it has one.
func TestPageOfCallers(t *testing.T) {
	t.Parallel()
	text, there := string(raw(t, page)), tests(t)
	problems, ids := unproven(withProofs(text))
	for _, problem := range append(problems, missing(t, text, there)...) {
		t.Error(problem)
	}
	for id := 'a'; id <= 'n'; id++ {
		if !ids[string(id)] {
			t.Errorf("conflict %c is missing", id)
		}
	}
	for _, readme := range glob(t, "*/README.md") {
		if !strings.Contains(text, "(../integrations/"+strings.TrimSuffix(readme, "README.md")) {
			t.Errorf("%s is not on the page", readme)
		}
	}
}

// The check finds mistakes.
func TestPageOfCallersFindsMistakes(t *testing.T) {
	t.Parallel()
	there := tests(t)
	for _, tt := range []struct{ text, want string }{
		{"| F1 | a | doc | b |" + appendix + "| F1 | `TestNothingOfTheKind` |", "TestNothingOfTheKind does not exist"},
		{"| F1 | a | doc | b |" + appendix + "| F1 | `TestPageOfCallers/of another world` |", "has no case of another world"},
		{"| F1 | a | doc | b |", "F1 has no test"},
		{"| F1 | a | surely | b |" + appendix + "| F1 | `TestPageOfCallers` |", "how it is known"},
		{"| F1 | a | doc | b |\n| F1 | a | doc | b |" + appendix + "| F1 | `TestPageOfCallers` |", "twice"},
		{"| F1 | a | doc | b |" + appendix + "| F1 | nothing |", "F1 has no test"},
		{"| F1 | a | doc | b |" + appendix + "| F1 | `TestPageOfCallers` |\n| F2 | `TestPageOfCallers` |", "F2 does not say how it is known"},
	} {
		problems, _ := unproven(withProofs(tt.text))
		if got := strings.Join(append(problems, missing(t, tt.text, there)...), "\n"); !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: %q", tt.text, got)
		}
	}
}

// Every link between the pages of this folder and to others leads somewhere.
func TestLinksOfThePages(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for _, path := range append(glob(t, "*/README.md"), "README.md", page) {
		for _, m := range link.FindAllStringSubmatch(string(raw(t, path)), -1) {
			if _, err := os.Stat(filepath.Join(templates, filepath.Dir(filepath.FromSlash(path)), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// What a user must fill in is named on the page beside the files.
func TestPlaceholdersAreOnThePages(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`YOUR-[A-Z]+(-[A-Z]+)*`)
	for _, readme := range glob(t, "*/README.md") {
		text := string(raw(t, readme))
		err := fs.WalkDir(os.DirFS(templates), path.Dir(readme), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			for _, found := range placeholder.FindAllString(string(raw(t, path)), -1) {
				if !strings.Contains(text, found) {
					t.Errorf("%s has %s, and %s does not say what that is", path, found, readme)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// The commands on the pages are what a shell reads.
func TestCommandsOfThePages(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	blocks := 0
	for _, path := range append(glob(t, "*/README.md"), "README.md", page) {
		for _, m := range block.FindAllStringSubmatch(string(raw(t, path)), -1) {
			blocks++
			cmd := exec.CommandContext(t.Context(), "sh", "-n")
			cmd.Stdin = strings.NewReader(regexp.MustCompile(`<[a-zA-Z ]+>`).ReplaceAllString(m[1], "x"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s\n%s", path, err, out, m[1])
			}
		}
	}
	if blocks < 3 {
		t.Errorf("%d blocks", blocks)
	}
}
