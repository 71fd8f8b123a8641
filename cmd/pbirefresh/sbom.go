package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"pbirefresh/cli"
	"pbirefresh/internal/release"
)

// writeSBOM writes the bill of materials of an executable, in CycloneDX JSON, and
// checks the licences in it. The modules come from the executable itself, so that it
// lists what is shipped and not what could have been.
func writeSBOM(ctx context.Context, root, exe, stamp, name string, env cli.Environment) error {
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=tools/sbom/go.mod", "cyclonedx-gomod", "bin",
		"-json", "-licenses", "-std", "-noserial", "-notimestamp", "-version", stamp, "-output", name, exe)
	cmd.Dir, cmd.Env = root, env.Environ
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bill of materials: %w\n%s", err, out)
	}
	sbom, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if sbom, err = release.Settled(sbom); err != nil {
		return err
	}
	if err := os.WriteFile(name, sbom, 0o644); err != nil { //nolint:gosec // a build product for anybody to read
		return err
	}
	components, err := release.Components(sbom)
	if err != nil {
		return err
	}
	return release.CheckLicences(components)
}
