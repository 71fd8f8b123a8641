package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"pbirefresh/cli"
	"pbirefresh/internal/stage"
)

// packageCommand stages and zips the app for each platform of the Functions service, or
// checks a zip.
func packageCommand(env cli.Environment) *cobra.Command {
	var f packageFlags
	cmd := &cobra.Command{
		Use: "package", Short: "Stage dist/ and zip it for each platform, with a bill of materials each", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return packageApp(cmd.Context(), f, env) },
	}
	cmd.Flags().StringVar(&f.platforms, "platforms", strings.Join(defaultPlatforms(), ","), "`platforms` to build for; dist/ holds the first")
	f.add(cmd)
	cmd.Flags().StringVar(&f.check, "check", "", "build nothing: check this `zip` before it is deployed")
	return cmd
}

type packageFlags struct{ platforms, stamp, out, check string }

func (f *packageFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.stamp, "version", "", "`version` to stamp (default: from git)")
	cmd.Flags().StringVar(&f.out, "out", "", "`folder` for dist/ and build/ (default: the project's)")
}

func packageApp(ctx context.Context, f packageFlags, env cli.Environment) error {
	if f.check != "" {
		return checkZip(f.check, env)
	}
	p, err := newPackaging(ctx, f.out, f.stamp, env)
	if err != nil {
		return err
	}
	list := strings.Split(f.platforms, ",")
	for i := len(list) - 1; i >= 0; i-- { // the first last, so that dist/ holds it
		made, err := p.make(ctx, list[i])
		if err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, strings.Join(made, "\n"))
	}
	return nil
}

// The programs of the project.
const (
	handlerProgram     = "./cmd/refresher"
	commandLineProgram = "./cmd/pbirefresh"
)

// defaultPlatforms are those of the Functions service.
func defaultPlatforms() []string { return []string{"linux/amd64", "linux/arm64"} }

// checkZip says whether the host would take a zip.
func checkZip(name string, env cli.Environment) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := stage.Verify(f, info.Size()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintln(env.Stdout, name, "is a staged app and nothing else")
	return nil
}

// packaging is one run of package or release.
type packaging struct {
	root  string // the project
	out   string // dist/ and build/ are made in it
	stamp string // the version
	env   cli.Environment
}

func newPackaging(ctx context.Context, out, stamp string, env cli.Environment) (*packaging, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	if err := checkPackaged(root, env); err != nil {
		return nil, err
	}
	if stamp == "" {
		stamp = gitVersion(ctx, root)
	}
	if out, err = filepath.Abs(cmp.Or(out, root)); err != nil {
		return nil, err
	}
	return &packaging{root: root, out: out, stamp: stamp, env: env}, nil
}

// make makes the zip of a platform and its bill of materials, and returns where they
// are.
func (p *packaging) make(ctx context.Context, platform string) ([]string, error) {
	goos, goarch, ok := strings.Cut(strings.TrimSpace(platform), "/")
	if !ok {
		return nil, cli.Usage(fmt.Errorf("platform %q is not like linux/amd64", platform))
	}
	exe := p.executable(goos, goarch)
	if err := buildProgram(ctx, p.root, handlerProgram, exe, p.stamp, goos, goarch, p.env); err != nil {
		return nil, err
	}
	dist := filepath.Join(p.out, "dist")
	if err := stage.Stage(p.root, dist, exe); err != nil {
		return nil, err
	}
	name := filepath.Join(p.out, "build", fmt.Sprintf("pbirefresh-%s-%s", goos, goarch))
	made := []string{name + ".zip", name + ".cdx.json"}
	if err := writeZip(dist, made[0]); err != nil {
		return nil, err
	}
	return made, writeSBOM(ctx, p.root, exe, p.stamp, made[1], p.env)
}

func (p *packaging) executable(goos, goarch string) string {
	return filepath.Join(p.out, "build", goos+"-"+goarch, executable(goos))
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

// buildProgram builds the custom handler or this program. Paths, build ids and times stay out of
// it: the same sources and Go release give the same bytes, whatever the machine's own
// settings for Go are.
func buildProgram(ctx context.Context, root, program, exe, stamp, goos, goarch string, env cli.Environment) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X main.version="+stamp, "-o", exe, program)
	cmd.Dir = root
	cmd.Env = append(env.Environ, "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch,
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GOAMD64=v1", "GOARM64=v8.0")
	cmd.Stdout, cmd.Stderr = env.Stderr, env.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", program, err)
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
