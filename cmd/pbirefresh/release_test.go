package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pbirefresh/cli"
)

func changelogIn(t *testing.T, text string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "CHANGELOG.md"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// A version that promises something needs its own section; a snapshot does not.
func TestNotesOfARelease(t *testing.T) {
	t.Parallel()
	root := changelogIn(t, "# Changelog\n\n## Unreleased\n\n- Next.\n\n## 1.0.0 - 2026-11-25\n\n- First.\n")
	for stamp, want := range map[string]string{"v1.0.0": "- First.", "v1.0.0-2-gabc": "- Next.", "dev": "- Next."} {
		if got, err := notesOf(root, stamp); err != nil || got != want {
			t.Errorf("%s: %q %v", stamp, got, err)
		}
	}
	if _, err := notesOf(root, "v1.1.0"); err == nil || !strings.Contains(err.Error(), "CHANGELOG.md") {
		t.Errorf("%v: a release that nobody described", err)
	}
	if _, err := notesOf(t.TempDir(), "dev"); err == nil {
		t.Error("no changelog at all")
	}
}

// gitIn runs git in a folder as nobody in particular.
func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func writeIn(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// committed is a clone with one commit.
func committed(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	gitIn(t, root, "init", "--quiet")
	writeIn(t, root, "main.go", "package main\n")
	writeIn(t, root, ".gitignore", "/build/\nschedules.json\n")
	gitIn(t, root, "add", ".")
	gitIn(t, root, "commit", "--quiet", "--message", "first")
	return root
}

// A release is what somebody else can make again from a commit.
func TestReleaseRefusesWhatNobodyCanRepeat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"clean":                        {"", ""},
		"a build product":              {"build/refresher", ""},
		"a note":                       {"notes.txt", ""},
		"changed":                      {"main.go", "M main.go"},
		"a source that git knows not":  {"cmd/new.go", "cmd/new.go"},
		"a file that git is to ignore": {"schedules.json", "schedules.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := committed(t)
			if c.file != "" {
				writeIn(t, root, c.file, "x")
			}
			err := repeatable(t.Context(), root)
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--allow-dirty")) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if version := gitVersion(t.Context(), root); strings.HasSuffix(version, "-dirty") != (c.want != "") {
				t.Errorf("version %q", version)
			}
		})
	}
	if err := repeatable(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "no git checkout") {
		t.Errorf("%v", err)
	}
}

// A version that promises something is a tag of the commit; a snapshot needs none.
func TestReleasedVersionIsATag(t *testing.T) {
	t.Parallel()
	root := committed(t)
	gitIn(t, root, "tag", "v1.2.0")
	gitIn(t, root, "tag", "v1.2.0-rc.1")
	for stamp, want := range map[string]string{"v1.2.0": "", "dev": "", "v1.2.0-rc.1": "", "v1.2.1": "git tag v1.2.1"} {
		err := tagged(t.Context(), root, stamp)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", stamp, err, want)
		}
	}
	if got := gitVersion(t.Context(), root); !strings.HasPrefix(got, "v1.2.0") {
		t.Errorf("version %q of a commit with that tag", got)
	}
}

// The Go release that go.mod names makes the bytes of a release, and no other.
func TestReleaseIsBuiltWithThePinnedGo(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := pinned(root, "go1.26.8"); err == nil {
		t.Error("no go.mod")
	}
	for text, want := range map[string]string{
		"module m\n\ngo 1.26.0\n":                       "",
		"module m\n\ngo 1.26.0\n\ntoolchain go1.26.8\n": "",
		"module m\n\ngo 1.26.0\n\ntoolchain go1.26.9\n": "GOTOOLCHAIN=go1.26.9",
	} {
		writeIn(t, root, "go.mod", text)
		err := pinned(root, "go1.26.8")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	own, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := pinned(own, "go1.0"); err == nil {
		t.Error("the project's go.mod names no toolchain")
	}
}

// What an earlier release left is no part of this one.
func TestPublishReplaces(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "release")
	var stdout bytes.Buffer
	env := cli.Environment{Stdout: &stdout}
	for _, name := range []string{"old.zip", "new.zip"} {
		if err := publish(dir, map[string][]byte{name: []byte(name)}, env); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "new.zip" || !strings.Contains(stdout.String(), "new.zip") {
		t.Errorf("%v %v %q", entries, err, &stdout)
	}
}

// What docs and workflows fetch from a release is there under that name.
func TestReleaseHasWhatIsFetched(t *testing.T) {
	t.Parallel()
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	published := []string{"SHA256SUMS"}
	for _, platform := range defaultPlatforms() {
		name := "pbirefresh-" + strings.ReplaceAll(platform, "/", "-")
		published = append(published, name+".zip", name+".cdx.json")
	}
	for _, platform := range commandLinePlatforms() {
		goos, goarch, _ := strings.Cut(platform, "/")
		published = append(published, commandLineName(goos, goarch))
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "deploy.md"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join(root, "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range published {
		if strings.HasPrefix(name, "pbirefresh-cli-") && !strings.Contains(string(guide), name) {
			t.Errorf("docs/cli.md does not name %s, which a release has", name)
		}
	}
	text = append(text, guide...)
	fetched := regexp.MustCompile(`--pattern '?([^' \n]+)`).FindAllStringSubmatch(string(text), -1)
	if len(fetched) == 0 {
		t.Fatal("docs/deploy.md fetches nothing from a release")
	}
	for _, f := range fetched {
		if !slices.Contains(published, f[1]) {
			t.Errorf("docs/deploy.md fetches %s, a release has %v", f[1], published)
		}
	}
}

// A bill of materials that cannot be made is told with the tool's words.
func TestNoBillOfMaterials(t *testing.T) {
	t.Parallel()
	env := cli.Environment{Environ: os.Environ()}
	if err := writeSBOM(t.Context(), t.TempDir(), "nothing", "v1", filepath.Join(t.TempDir(), "x"), env); err == nil || !strings.Contains(err.Error(), "bill of materials") {
		t.Errorf("%v", err)
	}
}
