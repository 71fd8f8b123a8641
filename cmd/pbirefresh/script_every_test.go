package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"pbirefresh/cli"
)

// Each command has a story with right and one with wrong input.
func TestEveryCommandHasAStory(t *testing.T) {
	t.Parallel()
	elsewhere := map[string]string{ // right input that would last, or build everything
		"dev": ".ci/run: make run ARGS=--once", "sim": "TestSimPrintsSettings",
		"package": ".ci/run: make package", "release": ".ci/run, and TestRelease...",
	}
	stories := readStories(t)
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			visit(sub)
		}
		_, path, _ := strings.Cut(c.CommandPath(), " ")
		if path == "" || path == "help" || strings.HasPrefix(path, "completion ") {
			return
		}
		right, wrong := regexp.MustCompile(`(?m)^exits 0 `+path+`( |$)`), regexp.MustCompile(`(?m)^exits [1-9] `+path+`( |$)`)
		if elsewhere[path] == "" && !c.HasSubCommands() && !right.MatchString(stories) {
			t.Errorf("no story runs pbirefresh %s with right input", path)
		}
		if !wrong.MatchString(stories) {
			t.Errorf("no story runs pbirefresh %s with wrong input", path)
		}
	}
	visit(commands(cli.Environment{}))
}

func readStories(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
