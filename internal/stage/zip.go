package stage

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	modeExecutable fs.FileMode = 0o755
	modeFile       fs.FileMode = 0o644
)

// zipTime is the earliest time that a zip can hold.
var zipTime = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// Zip writes the staged app in dist to w as a zip for deployment. Equal files
// give equal bytes. On an error w holds a part that must be thrown away.
func Zip(dist string, w io.Writer) error {
	a, err := readTree(dist)
	if err != nil {
		return err
	}
	name, err := executableName(a.host)
	if err != nil {
		return err
	}
	if name != a.executable {
		return fmt.Errorf("stage: the executable is %q, host.json names %q: stage a build for the app's platform", a.executable, name)
	}
	out := zip.NewWriter(w)
	if err := a.writeZip(out, filepath.Join(dist, a.executable)); err != nil {
		return fmt.Errorf("stage: zip: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("stage: zip: %w", err)
	}
	return nil
}

func (a app) writeZip(out *zip.Writer, executable string) error {
	files := a.files()
	content, err := os.ReadFile(executable)
	if err != nil {
		return err
	}
	files[a.executable] = content
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		mode := modeFile
		if name == a.executable {
			mode = modeExecutable
		}
		if err := writeEntry(out, name, mode, files[name]); err != nil {
			return err
		}
	}
	return nil
}

func writeEntry(out *zip.Writer, name string, mode fs.FileMode, content []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime}
	header.SetMode(mode) // also marks the entry as made by Unix
	entry, err := out.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = entry.Write(content)
	return err
}
