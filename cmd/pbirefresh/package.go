package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"pbirefresh/internal/stage"
)

// packageApp stages and zips the app for each platform of the Functions service.
func packageApp(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("package", flag.ContinueOnError)
	platforms := fs.String("platforms", strings.Join(defaultPlatforms(), ","), "what to build for; dist/ holds the first")
	stamp := fs.String("version", "", "the version to stamp; default: from git")
	if _, err := parse(fs, args, env); err != nil {
		return err
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	if err := checkPackaged(root, env); err != nil {
		return err
	}
	if *stamp == "" {
		*stamp = gitVersion(ctx, root)
	}
	list := strings.Split(*platforms, ",")
	for i := len(list) - 1; i >= 0; i-- { // the first last, so that dist/ holds it
		made, err := packageFor(ctx, root, list[i], *stamp, env)
		if err != nil {
			return err
		}
		fmt.Fprintln(env.stdout, strings.Join(made, "\n"))
	}
	return nil
}

// defaultPlatforms are those of the Functions service.
func defaultPlatforms() []string { return []string{"linux/amd64", "linux/arm64"} }

// packageFor makes the zip of a platform and its bill of materials, and returns where
// they are.
func packageFor(ctx context.Context, root, platform, stamp string, env environment) ([]string, error) {
	goos, goarch, ok := strings.Cut(strings.TrimSpace(platform), "/")
	if !ok {
		return nil, usageError{fmt.Errorf("platform %q is not like linux/amd64", platform)}
	}
	exe := filepath.Join(root, "build", goos+"-"+goarch, executable(goos))
	if err := buildRefresher(ctx, root, exe, stamp, goos, goarch, env); err != nil {
		return nil, err
	}
	dist := filepath.Join(root, "dist")
	if err := stage.Stage(root, dist, exe); err != nil {
		return nil, err
	}
	name := filepath.Join(root, "build", fmt.Sprintf("pbirefresh-%s-%s", goos, goarch))
	made := []string{name + ".zip", name + ".cdx.json"}
	if err := writeZip(dist, made[0]); err != nil {
		return nil, err
	}
	return made, writeSBOM(ctx, root, exe, stamp, made[1], env)
}

// writeZip makes the zip and checks it as the host would find it.
func writeZip(dist, name string) error {
	var b bytes.Buffer
	if err := stage.Zip(dist, &b); err != nil {
		return err
	}
	if err := stage.Verify(bytes.NewReader(b.Bytes()), int64(b.Len())); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644) //nolint:gosec // a build product for anybody to read
}

// buildRefresher builds the custom handler. Paths, build ids and times stay out of
// it: the same sources give the same bytes.
func buildRefresher(ctx context.Context, root, exe, stamp, goos, goarch string, env environment) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X main.version="+stamp, "-o", exe, "./cmd/refresher")
	cmd.Dir = root
	cmd.Env = append(env.environ, "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	cmd.Stdout, cmd.Stderr = env.stderr, env.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build ./cmd/refresher: %w", err)
	}
	return nil
}

func executable(goos string) string {
	if goos == "windows" {
		return "refresher.exe"
	}
	return "refresher"
}

// findRoot is the folder of the project: the nearest one upwards with its go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(b), "module pbirefresh\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("run this inside the pbirefresh project: no go.mod of it was found from here upwards")
		}
		dir = parent
	}
}

// gitVersion describes the commit, or says dev where there is no git.
func gitVersion(ctx context.Context, root string) string {
	return cmp.Or(git(ctx, root, "describe", "--tags", "--always", "--dirty"), "dev")
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
