package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestReleaseRefusesWhatNobodyCanRepeat(t *testing.T) {
	t.Parallel()
	runCommand(t, nil, "release", "-version", "v1.0.0-dirty").exits(1).says("-allow-dirty")
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	actions := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/p", "GITHUB_RUN_ID": "7"}
	for want, env := range map[string]map[string]string{"local": {}, "https://github.com/o/p/actions/runs/7": actions} {
		if got := builder(environment{getenv: func(name string) string { return env[name] }}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What an earlier release left is no part of this one.
func TestPublishReplaces(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "release")
	var stdout bytes.Buffer
	env := environment{stdout: &stdout}
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

// The statements cover the files that they stand beside.
func TestStatements(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"app.zip": []byte("zip")}
	env := environment{getenv: func(string) string { return "" }}
	if err := addStatements(t.Context(), t.TempDir(), "v1.0.0", files, env); err != nil {
		t.Fatal(err)
	}
	sums := string(files["SHA256SUMS"])
	if !strings.Contains(sums, "  app.zip\n") || !strings.Contains(sums, "  provenance.intoto.json\n") || strings.Contains(sums, "SHA256SUMS") {
		t.Errorf("%q", sums)
	}
	if !strings.Contains(string(files["provenance.intoto.json"]), `"name": "app.zip"`) {
		t.Errorf("%s", files["provenance.intoto.json"])
	}
}

// A bill of materials that cannot be made is told with the tool's words.
func TestNoBillOfMaterials(t *testing.T) {
	t.Parallel()
	env := environment{environ: os.Environ()}
	if err := writeSBOM(t.Context(), t.TempDir(), "nothing", "v1", filepath.Join(t.TempDir(), "x"), env); err == nil || !strings.Contains(err.Error(), "bill of materials") {
		t.Errorf("%v", err)
	}
}
