package integrations

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents returns all pages of the project, from its root.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "integrations/*.md", "integrations/*/*.md", "infra/testdata/*.md", "test/e2e/testdata/*.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d pages, error %v", pattern, len(found), err)
		}
		paths = append(paths, found...)
	}
	return paths
}

func document(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The first line after the title says whom a page is for.
func TestDocumentsNameTheirReaders(t *testing.T) {
	t.Parallel()
	opening := regexp.MustCompile(`^# .+\n\nFor .+`)
	for _, path := range documents(t) {
		if text := document(t, path); !opening.MatchString(text) {
			t.Errorf("%s begins with %q, want a title and a line \"For ...\"", path, text[:min(len(text), 80)])
		}
	}
}

// The README is a page, and leads to every document.
func TestReadmeIsShortAndLeadsOn(t *testing.T) {
	t.Parallel()
	text := document(t, filepath.Join("..", "..", "README.md"))
	if lines := strings.Count(text, "\n"); lines > 120 {
		t.Errorf("README.md has %d lines, want at most 120", lines)
	}
	for _, path := range documents(t) {
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		if strings.Count(name, "/") < 2 && name != "README.md" && !strings.Contains(text, "("+name+")") {
			t.Errorf("README.md has no link to %s", name)
		}
	}
}

var pageLink = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)

// Links between pages lead to a file, and their fragments to a heading.
func TestLinksOfTheDocuments(t *testing.T) {
	t.Parallel()
	for _, path := range documents(t) {
		for _, m := range pageLink.FindAllStringSubmatch(document(t, path), -1) {
			target := path
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(path), filepath.FromSlash(m[1]))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", path, err)
			} else if m[2] != "" && !slices.Contains(anchors(document(t, target)), m[2]) {
				t.Errorf("%s leads to %s%s, which has no such heading", path, m[1], m[2])
			}
		}
	}
}

// anchors are the fragments of a page's headings, as GitHub makes them.
func anchors(page string) (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, "#"+strings.ReplaceAll(words, " ", "-"))
	}
	return all
}
