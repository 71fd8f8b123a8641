package checks

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"pbirefresh/test/infra/config"
)

// foreign are names and words in the sentences of the guides that are not the project's:
// tools, options of theirs, files that the reader makes.
var foreign = strings.Fields("az azd azcopy tofu terraform gh curl --expires offline panic h apply application-insights keyId AZURE_TENANT_ID AZURE_SUBSCRIPTION_ID " +
	"infra/terraform.tfvars .github/workflows/deploy.yml models/... WORKSPACE_ID/DATASET_ID ready")

var span = regexp.MustCompile("`([^`\n]+)`")

// sentences are a guide without its blocks.
func sentences(t *testing.T, guide string) string {
	t.Helper()
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(string(tree(t)[guide]), "")
}

// TestNamesInSentencesExist: each command, variable, setting, file and code that a
// sentence of the guides names is there.
func TestNamesInSentencesExist(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, guide := range guides {
		for _, m := range span.FindAllStringSubmatch(sentences(t, guide), -1) {
			seen++
			if slices.Contains(inputs(t, guide), m[1]) {
				continue
			}
			if problem := wrongSpan(t, m[1]); problem != "" {
				t.Errorf("%s: `%s`: %s", guide, m[1], problem)
			}
		}
	}
	if seen < 120 {
		t.Errorf("only %d names", seen)
	}
	for span, want := range map[string]string{
		`plans = "flex"`: "no such variable", "made_up": "occurs nowhere", "infra/none.tf": "no such file", "az functionapp destroy": "no such command",
		"pbirefresh await": "no such command", "make everything": "no such target", "tofu -chdir=infra state rm azurerm_x.y[0]": "an address that exists", "POST /refresh": "is no known kind",
	} {
		if got := wrongSpan(t, span); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", span, got, want)
		}
	}
}

var (
	assignment = regexp.MustCompile(`^[a-z_]+ = \S`)
	setting    = regexp.MustCompile(`^[A-Z][A-Z_]+=\S+$`)
	plainName  = regexp.MustCompile(`^["A-Za-z][A-Za-z0-9_.-]*"?$`)
)

func wrongSpan(t *testing.T, s string) string {
	t.Helper()
	first, rest, many := strings.Cut(s, " ")
	switch {
	case slices.Contains(foreign, s):
		return ""
	case assignment.MatchString(s):
		return wrongAssignment(t, s)
	case many && first == "pbirefresh":
		return wrongOwn(strings.Fields(rest))
	case many && slices.Contains([]string{"az", "azd", "make", "date", "terraform", "tofu"}, first):
		return wrongWords(t, first, rest)
	case setting.MatchString(s):
		name, _, _ := strings.Cut(s, "=")
		return wrongName(t, name)
	case strings.HasPrefix(s, "GET /api/"), strings.HasPrefix(s, "POST /api/"):
		return wrongRoute(t, strings.ReplaceAll(rest, "<id>", "{id}"))
	case strings.HasPrefix(s, "/api/"):
		return wrongRoute(t, s)
	case plainName.MatchString(s) && !strings.HasSuffix(s, ".yaml"), regexp.MustCompile(`^[a-zA-Z]+: [a-z]+$`).MatchString(s), s == "keys/status.json":
		return wrongName(t, s)
	case strings.ContainsAny(s, "/.") && !many:
		if found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(s))); err != nil || len(found) == 0 {
			return "there is no such file"
		}
		return ""
	}
	return "it is no known kind of name"
}

// wrongName: each part of a name is a word of the project.
func wrongName(t *testing.T, s string) string {
	t.Helper()
	name, _, _ := strings.Cut(strings.Trim(s, `"`), ":")
	for _, part := range strings.Split(name, ".") {
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(part) + `\b`).MatchString(project(t)) {
			return "it occurs nowhere"
		}
	}
	return ""
}

// wrongAssignment: it sets a variable that there is. TestTofuPlansAssignmentsInSentences plans it.
func wrongAssignment(t *testing.T, s string) string {
	t.Helper()
	c, err := tree(t).Config()
	if err != nil {
		return err.Error()
	}
	values, err := config.ParseVariables("sentence", []byte(s))
	if err != nil {
		return err.Error()
	}
	for name := range values {
		if c.Variables[name] == nil {
			return "there is no such variable"
		}
	}
	return ""
}

// wrongWords: the words of a command without its options.
func wrongWords(t *testing.T, tool, words string) string {
	t.Helper()
	switch tool {
	case "az":
		if said := wrongAz(strings.Fields(words)); words != "login" && strings.Contains(said, "no such command") {
			return said
		}
	case "azd":
		if !slices.Contains([]string{"up", "down", "env get-values"}, words) {
			return "there is no such command"
		}
	case "make":
		return wrongCall(t, []string{"make", words})
	case "terraform", "tofu":
		what, _, _ := strings.Cut(strings.TrimPrefix(words, "-chdir=infra state rm "), "[")
		c, err := tree(t).Config()
		if err != nil || words != "-chdir=infra" && c.Resources[what] == nil {
			return "it needs -chdir=infra, and an address that exists"
		}
	}
	return ""
}

func wrongRoute(t *testing.T, route string) string {
	t.Helper()
	all, err := httpFunctions(tree(t))
	if err != nil || !slices.ContainsFunc(all, func(fn function) bool { return fn.route == route }) {
		return "there is no such route"
	}
	return ""
}

var readProject = sync.OnceValues(func() (string, error) {
	files, err := exec.Command("git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for name := range strings.Lines(string(files)) {
		name = strings.TrimSpace(name)
		if strings.HasSuffix(name, ".md") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "test/infra/") || strings.HasSuffix(name, ".sum") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil && !os.IsNotExist(err) {
			return "", err
		}
		all.WriteString(name + "\n")
		all.Write(content)
	}
	return all.String(), nil
})

// project is all that is not documents and tests.
func project(t *testing.T) string {
	t.Helper()
	all, err := readProject()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
