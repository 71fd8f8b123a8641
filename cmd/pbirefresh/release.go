package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"pbirefresh/cli"
	"pbirefresh/internal/release"
)

// releasedVersion is a tag that promises something; anything else is a snapshot.
var releasedVersion = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// releaseCommand packages the app and puts what is published into build/release: zips,
// bills of materials, checksums, and the changelog's section.
func releaseCommand(env cli.Environment) *cobra.Command {
	var f packageFlags
	dirty := false
	cmd := &cobra.Command{
		Use: "release", Short: "Package, and make in build/release what is published with it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return makeRelease(cmd.Context(), f, dirty, env) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&dirty, "allow-dirty", false, "also what cannot be reproduced: a tree with changes, a version that is no tag, another Go")
	return cmd
}

func makeRelease(ctx context.Context, f packageFlags, dirty bool, env cli.Environment) error {
	p, err := newPackaging(ctx, f.out, f.stamp, env)
	if err != nil {
		return err
	}
	err = errors.Join(repeatable(ctx, p.root), tagged(ctx, p.root, p.stamp), pinned(p.root, runtime.Version()))
	if err != nil && !dirty {
		return err
	}
	notes, err := notesOf(p.root, p.stamp)
	if err != nil {
		return err
	}
	files, err := p.files(ctx)
	if err != nil {
		return err
	}
	files["NOTES.md"] = []byte(notes + "\n")
	return publish(filepath.Join(p.out, "build", "release"), files, env)
}

// notesOf is strict with a version that promises something.
func notesOf(root, stamp string) (string, error) {
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	if releasedVersion.MatchString(stamp) {
		return release.Released(string(changelog), stamp)
	}
	_, text, err := release.Notes(string(changelog), stamp)
	return text, err
}

// files packages for each platform. The names are the
// same in every release, so that "the latest" has an address.
func (p *packaging) files(ctx context.Context) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, platform := range slices.Backward(defaultPlatforms()) { // the first last, so that dist/ holds it
		made, err := p.make(ctx, platform)
		if err != nil {
			return nil, err
		}
		for _, path := range made {
			if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
				return nil, err
			}
		}
	}
	for _, platform := range commandLinePlatforms() {
		if err := p.commandLine(ctx, platform, files); err != nil {
			return nil, err
		}
	}
	files["SHA256SUMS"] = []byte(release.Sums(files))
	return files, nil
}

// publish replaces the folder: what an earlier release left must not be taken for
// part of this one.
func publish(dir string, files map[string][]byte, env cli.Environment) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, files[name], 0o644); err != nil { //nolint:gosec // for anybody to read
			return err
		}
		fmt.Fprintf(env.Stdout, "%10d  %s\n", len(files[name]), path)
	}
	return nil
}
