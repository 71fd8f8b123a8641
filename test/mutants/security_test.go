package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// threat is a row of SECURITY.md's tables of threats.
type threat struct{ kind, what, control, test, bug string }

var threatRow = regexp.MustCompile(`(?m)^\| ([STRIDE]) \| (.*) \| (.*) \| (.*) \| (.*) \|$`)

func threats(text string) (all []threat) {
	for _, m := range threatRow.FindAllStringSubmatch(text, -1) {
		all = append(all, threat{m[1], m[2], m[3], m[4], m[5]})
	}
	return all
}

// Every threat of SECURITY.md has a control, a test that exists, and a deliberate bug
// that takes the control away and that this very test catches. Whether it does is
// shown by `go run ./test/mutants SECURITY.md`.
func TestThreatsHaveTestsAndBugs(t *testing.T) {
	t.Parallel()
	text := read(t, "SECURITY.md")
	bugs, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	all := threats(text)
	for _, problem := range threatProblems(all, bugs, "\n"+read(t, "test/infra/mistakes.txt"), func(dir, test string) bool { return testExists(t, dir, test) }) {
		t.Error(problem)
	}
	kinds := map[string]int{}
	for _, r := range all {
		kinds[r.kind]++
	}
	if len(all) < 50 || len(kinds) != 6 {
		t.Errorf("%d threats of the kinds %v: the tables were not found", len(all), kinds)
	}
}

var oneTest = regexp.MustCompile("^`([a-z0-9/]+) (Test\\w+)`$")

// threatProblems holds rows against the bugs of both lists and the tests.
func threatProblems(all []threat, bugs []mutant, infra string, exists func(dir, test string) bool) (problems []string) {
	for _, r := range all {
		m := oneTest.FindStringSubmatch(r.test)
		if m == nil || r.what == "" || r.control == "" || !exists(m[1], m[2]) {
			problems = append(problems, r.what+": there is no control, or no test "+r.test)
			continue
		}
		if mistake, is := strings.CutPrefix(r.bug, "infra: "); is {
			if !strings.Contains(infra, "\n## "+mistake+"\n") || m[1] != "test/infra" || m[2] != findsMistake(mistake) {
				problems = append(problems, r.what+": test/infra/mistakes.txt has no "+mistake)
			}
			continue
		}
		i := slices.IndexFunc(bugs, func(b mutant) bool { return b.name == r.bug })
		if i < 0 || bugs[i].args[0] != "./"+m[1] || !strings.Contains(bugs[i].fails, "FAIL: "+m[2]) {
			problems = append(problems, r.what+": no bug "+r.bug+" is caught by "+r.test)
		}
	}
	return problems
}

// findsMistake names the test of test/infra that finds a mistake: some are only seen in a plan.
func findsMistake(mistake string) string {
	if strings.HasSuffix(mistake, " (plan)") {
		return "TestTofuFindsDeliberateMistakes"
	}
	return "TestDeliberateMistakesAreFound"
}

// What is said to be tested but is not is found.
func TestThreatProblems(t *testing.T) {
	t.Parallel()
	bugs := []mutant{{name: "a bug", args: []string{"./p"}, fails: "FAIL: TestX"}}
	good := threat{"S", "what", "how", "`p TestX`", "a bug"}
	exists := func(dir, test string) bool {
		return (dir == "p" || dir == "test/infra") && !strings.HasSuffix(test, "Z")
	}
	inFile, inPlan := "`test/infra TestDeliberateMistakesAreFound`", "`test/infra TestTofuFindsDeliberateMistakes`"
	problems := func(r threat) int {
		return len(threatProblems([]threat{r}, bugs, "\n## open\n\n## wide (plan)\n", exists))
	}
	if n := problems(good) + problems(threat{"S", "what", "how", inFile, "infra: open"}) + problems(threat{"S", "what", "how", inPlan, "infra: wide (plan)"}); n > 0 {
		t.Errorf("%d problems with what is right", n)
	}
	for name, change := range map[string]func(*threat){
		"no control": func(r *threat) { r.control = "" }, "no test": func(r *threat) { r.test = "" }, "no such test": func(r *threat) { r.test = "`p TestZ`" },
		"another folder": func(r *threat) { r.test = "`q TestX`" }, "no bug": func(r *threat) { r.bug = "" }, "no such bug": func(r *threat) { r.bug = "b" },
		"a bug of another test": func(r *threat) { r.test = "`p TestY`" }, "no such mistake": func(r *threat) { r.bug, r.test = "infra: closed", inFile },
		"a mistake of another test": func(r *threat) { r.bug, r.test = "infra: open", inPlan }, "a plan of another test": func(r *threat) { r.bug, r.test = "infra: wide (plan)", inFile },
	} {
		r := good
		if change(&r); problems(r) != 1 {
			t.Errorf("%s was not found", name)
		}
	}
}

// Every test that SECURITY.md names anywhere exists.
func TestTestsOfSecurityExist(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("`([a-z0-9/]+) (Test\\w+)`").FindAllStringSubmatch(read(t, "SECURITY.md"), -1)
	for _, m := range named {
		if !testExists(t, m[1], m[2]) {
			t.Errorf("there is no %s in %s", m[2], m[1])
		}
	}
	if len(named) < 50 || testExists(t, "refresh", "TestThatIsNone") {
		t.Errorf("%d tests are named, or anything exists", len(named))
	}
}

func testExists(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(name string) bool {
		b, err := os.ReadFile(name)
		return err == nil && strings.Contains(string(b), "\nfunc "+test+"(t *testing.T) {")
	})
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}
