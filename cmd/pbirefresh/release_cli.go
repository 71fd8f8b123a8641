package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// commandLinePlatforms are the machines of people who use the command line.
func commandLinePlatforms() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
}

// commandLineName is the file of a platform in a release. Beside it is its bill of
// materials, which ends in .cdx.json.
func commandLineName(goos, goarch string) string {
	name := "pbirefresh-cli-" + goos + "-" + goarch
	if goos == "windows" {
		name += ".exe"
	}
	return name
}

// commandLine builds this program for a platform, and adds it and its bill of materials
// to the files of the release.
func (p *packaging) commandLine(ctx context.Context, platform string, files map[string][]byte) error {
	goos, goarch, _ := strings.Cut(platform, "/")
	name := commandLineName(goos, goarch)
	exe := filepath.Join(p.out, "build", "cli", name)
	if err := buildProgram(ctx, p.root, commandLineProgram, exe, p.stamp, goos, goarch, p.env); err != nil {
		return err
	}
	bom := strings.TrimSuffix(exe, ".exe") + ".cdx.json"
	if err := writeSBOM(ctx, p.root, exe, p.stamp, bom, p.env); err != nil {
		return err
	}
	for _, path := range []string{exe, bom} {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[filepath.Base(path)] = content
	}
	return nil
}
