package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFreeAddr(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := taken.Addr().String()
	var told strings.Builder
	if got := freeAddr(t.Context(), addr, &told); got != "127.0.0.1:0" {
		t.Errorf("%s is in use: got %s, want any port of the same host", addr, got)
	}
	if !strings.HasPrefix(told.String(), "  "+addr+" cannot be used, another port is taken (") {
		t.Errorf("told %q", told.String())
	}
	told.Reset()
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	if got := freeAddr(t.Context(), addr, &told); got != addr {
		t.Errorf("%s is free: got %s", addr, got)
	}
	if got := freeAddr(t.Context(), "nonsense", &told); got != "nonsense" {
		t.Errorf("got %s, want the address itself: listening on it reports what is wrong with it", got)
	}
	if told.Len() > 0 {
		t.Errorf("told %q", told.String())
	}
}

func TestFindRoot(t *testing.T) {
	t.Parallel()
	dir, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"host.json", "functions", filepath.Join("cmd", "refresher")} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestExecutable(t *testing.T) {
	t.Parallel()
	for goos, want := range map[string]string{"windows": "refresher.exe", "linux": "refresher", "darwin": "refresher"} {
		if got := executable(goos); got != want {
			t.Errorf("%s: %s, want %s", goos, got, want)
		}
	}
}

// What make run prints last is how to get the command line, and the first command.
func TestRunEndsWithTheCommandLine(t *testing.T) {
	t.Parallel()
	paragraphs := strings.Split(strings.TrimSpace(explanation), "\n\n")
	last := paragraphs[len(paragraphs)-1]
	for _, want := range []string{"go install ./cmd/pbirefresh", "docs/cli.md", "\n  pbirefresh refresh %s %s"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last paragraph has no %q:\n%s", want, last)
		}
	}
}
