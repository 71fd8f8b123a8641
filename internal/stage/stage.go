package stage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stage makes dist the staged app of the sources in root with the executable
// exe, replacing what an earlier Stage made there. An exe that ends in ".exe" is
// staged with that ending, as only that starts on Windows; Core Tools then need
// AzureFunctionsJobHost__customHandler__description__defaultExecutablePath to
// say so. Two calls for one dist must not overlap.
func Stage(root, dist, exe string) error {
	a, err := readSources(root)
	if err != nil {
		return err
	}
	if strings.EqualFold(filepath.Ext(exe), ".exe") && !strings.EqualFold(filepath.Ext(a.executable), ".exe") {
		a.executable += ".exe"
	}
	if err := replaceable(root, dist); err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dist))
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	// Beside dist, as a rename does not cross file systems.
	work, err := os.MkdirTemp(parent, ".stage-")
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	err = a.swapIn(work, dist, exe)
	return errors.Join(err, os.RemoveAll(work))
}

// swapIn makes the new tree inside work and lets it and the old one change
// places.
func (a app) swapIn(work, dist, exe string) error {
	made, old := filepath.Join(work, "new"), filepath.Join(work, "old")
	if err := a.write(made, exe); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if err := copyFile(filepath.Join(made, settingsFile), filepath.Join(dist, settingsFile), 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stage: keep %s: %w", settingsFile, err)
	}
	if err := os.Rename(dist, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stage: move the old app away (is it running?): %w", err)
	}
	if err := os.Rename(made, dist); err != nil {
		_ = os.Rename(old, dist) // the old app is better than none
		return fmt.Errorf("stage: %w", err)
	}
	return nil
}

func (a app) write(dir, exe string) error {
	for path, content := range a.files() {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // #nosec G301 -- the host runs as another user
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { // #nosec G306 -- the host runs as another user
			return err
		}
	}
	return copyFile(filepath.Join(dir, a.executable), exe, 0o755)
}

func copyFile(to, from string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return fmt.Errorf("%s is empty or not a regular file", from)
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	// The file mode above is subject to the umask; this one is not.
	return errors.Join(err, out.Chmod(mode), out.Close())
}

// replaceable refuses to replace a directory that holds anything but a staged
// app: a wrong path must not cost anybody their files.
func replaceable(root, dist string) error {
	if err := notAbove(root, dist); err != nil {
		return err
	}
	entries, err := os.ReadDir(dist)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	_, err = readTree(dist)
	if err != nil {
		return fmt.Errorf("%w; refusing to replace %s: empty it or choose another directory", err, dist)
	}
	return nil
}

func notAbove(root, dist string) error {
	absRoot, err := filepath.Abs(root)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	absDist, err := filepath.Abs(dist)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	below, err := filepath.Rel(absDist, absRoot)
	if err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return fmt.Errorf("stage: %s holds the sources in %s: choose another directory", dist, root)
	}
	return nil
}
