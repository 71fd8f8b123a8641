package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// gitVersion describes the commit, or says dev where there is no git. It ends in -dirty
// if what is packaged is not what the commit has.
func gitVersion(ctx context.Context, root string) string {
	version := git(ctx, root, "describe", "--tags", "--always")
	if version != "" && uncommitted(ctx, root) != "" {
		version += "-dirty"
	}
	return cmp.Or(version, "dev")
}

// git is what git says, or nothing where there is none.
func git(ctx context.Context, root string, args ...string) string {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// packagedFiles are the patterns of git of what gets into a package. An ignored file
// among them is packaged like any other.
var packagedFiles = []string{"*.go", "go.mod", "go.sum", "handler/openapi.json", "access/*.json", "host.json", "functions", "schedules.json", "policy.json"}

// uncommitted is the first change that no commit has, or nothing.
func uncommitted(ctx context.Context, root string) string {
	changed := git(ctx, root, "status", "--porcelain", "--untracked-files=no")
	unknown := git(ctx, root, append([]string{"ls-files", "--others", "--"}, packagedFiles...)...)
	first, _, _ := strings.Cut(cmp.Or(changed, unknown), "\n")
	return first
}

// repeatable returns an error if this build could not be made again elsewhere: there is no
// commit that has all of it.
func repeatable(ctx context.Context, root string) error {
	if git(ctx, root, "rev-parse", "HEAD") == "" {
		return errors.New("this is no git checkout with a commit, so this release could not be made again: release from a clone, or say --allow-dirty")
	}
	if change := uncommitted(ctx, root); change != "" {
		return fmt.Errorf("the tree has changes that are not committed (%s), so this release could not be made again: commit them, or say --allow-dirty", change)
	}
	return nil
}

// pinned returns an error if this is another Go release than the one that go.mod names:
// it makes other bytes of the same commit. Go itself takes a newer one for good.
func pinned(root, goVersion string) error {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if want, ok := strings.CutPrefix(strings.TrimSpace(line), "toolchain "); ok && want != goVersion {
			return fmt.Errorf("this is %s, and go.mod names %s for releases: run it with GOTOOLCHAIN=%s, or say --allow-dirty", goVersion, want, want)
		}
	}
	return nil
}

// tagged returns an error if the version promises something and is not the commit's
// tag.
func tagged(ctx context.Context, root, stamp string) error {
	if !releasedVersion.MatchString(stamp) {
		return nil
	}
	for tag := range strings.FieldsSeq(git(ctx, root, "tag", "--points-at", "HEAD")) {
		if tag == stamp {
			return nil
		}
	}
	return fmt.Errorf("%s is not a tag of this commit: tag it first (git tag %s), or leave -version out", stamp, stamp)
}
