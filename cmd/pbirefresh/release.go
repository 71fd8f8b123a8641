package main

import (
	"context"
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
	dirty := fs.Bool("allow-dirty", false, "also from a tree with changes that are not committed")
	if _, err := parse(fs, args, env); err != nil {
		return err
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	if *stamp == "" {
		*stamp = gitVersion(ctx, root)
	}
	if strings.HasSuffix(*stamp, "-dirty") && !*dirty {
		return errors.New("the tree has changes that are not committed, and nobody could make this release again: commit them, or say -allow-dirty")
	}
	notes, err := notesOf(root, *stamp)
	if err != nil {
		return err
	}
	files, err := releaseFiles(ctx, root, *stamp, env)
	if err != nil {
		return err
	}
	if err := addStatements(ctx, root, *stamp, files, env); err != nil {
		return err
	}
	files["NOTES.md"] = []byte(notes + "\n")
	return publish(filepath.Join(root, "build", "release"), files, env)
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

// releaseFiles packages for each platform and reads what came of it.
func releaseFiles(ctx context.Context, root, stamp string, env environment) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, platform := range slices.Backward(defaultPlatforms()) { // the first last, so that dist/ holds it
		made, err := packageFor(ctx, root, platform, stamp, env)
		if err != nil {
			return nil, err
		}
		for _, path := range made {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			files[strings.Replace(filepath.Base(path), "pbirefresh-", "pbirefresh-"+stamp+"-", 1)] = content
		}
	}
	return files, nil
}

// addStatements adds what states the other files.
func addStatements(ctx context.Context, root, stamp string, files map[string][]byte, env environment) error {
	provenance, err := release.Provenance(release.Build{
		Version: stamp, Commit: git(ctx, root, "rev-parse", "HEAD"), Repository: git(ctx, root, "remote", "get-url", "origin"),
		Go: runtime.Version(), Platforms: defaultPlatforms(), Command: "make release", Builder: builder(env),
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
