package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"pbirefresh/internal/release"
)

// releasedVersion is a tag that promises something; anything else is a snapshot.
var releasedVersion = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// makeRelease packages the app and puts what is published into build/release: zips,
// bills of materials, checksums, provenance, and the changelog's section.
func makeRelease(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("release", flag.ContinueOnError)
	stamp := fs.String("version", "", "the version; default: from git")
	out := fs.String("out", "", "the folder in which dist/ and build/ are made; default: the project's")
	dirty := fs.Bool("allow-dirty", false, "also what nobody could make again: a tree with changes, a version that is no tag, another Go")
	if _, err := parse(fs, args, env); err != nil {
		return err
	}
	p, err := newPackaging(ctx, *out, *stamp, env)
	if err != nil {
		return err
	}
	err = errors.Join(repeatable(ctx, p.root), tagged(ctx, p.root, p.stamp), pinned(p.root, runtime.Version()))
	if err != nil && !*dirty {
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

// files packages for each platform, and states what came of it. The names are the
// same in every release, so that "the latest" has an address.
func (p *packaging) files(ctx context.Context) (map[string][]byte, error) {
	files, goVersions := map[string][]byte{}, []string{}
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
		goos, goarch, _ := strings.Cut(platform, "/")
		built, err := buildinfo.ReadFile(p.executable(goos, goarch))
		if err != nil {
			return nil, err
		}
		goVersions = append(goVersions, built.GoVersion)
	}
	return files, p.state(ctx, files, slices.Compact(goVersions))
}

// state adds what states the other files.
func (p *packaging) state(ctx context.Context, files map[string][]byte, goVersions []string) error {
	provenance, err := release.Provenance(release.Build{
		Version: p.stamp, Commit: git(ctx, p.root, "rev-parse", "HEAD"), Repository: git(ctx, p.root, "remote", "get-url", "origin"),
		Go: strings.Join(goVersions, ", "), Platforms: defaultPlatforms(), Command: "make release", Builder: builder(p.env),
	}, files)
	if err != nil {
		return err
	}
	files["provenance.intoto.json"] = provenance
	files["SHA256SUMS"] = []byte(release.Sums(files))
	return nil
}

// builder is the workflow that runs this, else "local". The names are those of GitHub
// Actions (documented: default environment variables).
func builder(env environment) string {
	get := env.getenv
	if get("GITHUB_ACTIONS") != "true" {
		return "local"
	}
	return get("GITHUB_SERVER_URL") + "/" + get("GITHUB_REPOSITORY") + "/actions/runs/" + get("GITHUB_RUN_ID")
}

// publish replaces the folder: what an earlier release left must not be taken for
// part of this one.
func publish(dir string, files map[string][]byte, env environment) error {
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
		fmt.Fprintf(env.stdout, "%10d  %s\n", len(files[name]), path)
	}
	return nil
}
