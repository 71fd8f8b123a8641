package stage

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxEntry bounds what Verify reads of one entry: a zip is outside input, and a
// few bytes of it may unpack to very many.
const maxEntry = 256 << 20

const madeByUnix = 3 // zip specification (APPNOTE) 4.4.2.2

// Verify checks that the zip of the given size in bytes is a staged app and
// nothing else: host.json at the root, every function.json in a folder directly
// below, the executable that host.json names with its execute bit, all entries
// readable. It does not change the zip.
func Verify(r io.ReaderAt, size int64) error {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return fmt.Errorf("stage: not a zip, or not all of it (make package makes one): %w", err)
	}
	files := make(map[string]*zip.File, len(archive.File))
	for _, f := range archive.File {
		if _, twice := files[f.Name]; twice {
			return fmt.Errorf("stage: the zip has %q twice", f.Name)
		}
		files[f.Name] = f
	}
	if files[hostFile] == nil {
		return errors.New("stage: the zip has no host.json at its root: zip what is in the folder, not the folder")
	}
	host, err := readEntry(files[hostFile])
	if err != nil {
		return err
	}
	return verifyApp(host, files)
}

func verifyApp(host []byte, files map[string]*zip.File) error {
	name, err := executableName(host)
	if err != nil {
		return err
	}
	a := app{host: host, executable: name, functions: make(map[string][]byte)}
	if files[name] == nil {
		return fmt.Errorf("stage: the zip has no executable %q, which host.json names", name)
	}
	for _, f := range files {
		if err := a.verifyEntry(f); err != nil {
			return err
		}
	}
	return a.check()
}

func (a *app) verifyEntry(f *zip.File) error {
	content, err := readEntry(f)
	if err != nil {
		return err
	}
	folder, file, nested := strings.Cut(f.Name, "/")
	want := modeFile
	switch {
	case nested && file == functionFile:
		a.functions[folder] = content
	case f.Name == hostFile:
	case f.Name == schedulesFile:
		a.schedules = content
	case f.Name == policyFile:
		a.policy = content
	case f.Name == a.executable:
		want = modeExecutable
		if len(content) == 0 {
			return fmt.Errorf("stage: %q in the zip is empty", f.Name)
		}
	default:
		return fmt.Errorf("stage: %q in the zip is not part of a staged app: %s", f.Name, remedy(f.Name))
	}
	if f.CreatorVersion>>8 != madeByUnix || f.Mode() != want {
		return fmt.Errorf("stage: %q in the zip has mode %v, must be made by Unix with mode %v: deploy the zip that make package makes, as other tools lose the modes", f.Name, f.Mode(), want)
	}
	return nil
}

// remedy says what to do about an entry that does not belong into a zip.
func remedy(name string) string {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	switch {
	case strings.EqualFold(base, settingsFile):
		return "it may hold secrets: take it out, and renew them if anybody else had the zip; what it sets belongs into the app's settings"
	case strings.Contains(name, `\`):
		return `paths in a zip have "/": deploy the zip that make package makes`
	case base == functionFile:
		return "the host finds a function only directly below the root: zip what is staged in dist/, not the sources"
	default:
		return "take it out, or deploy the zip that make package makes"
	}
}

func readEntry(f *zip.File) ([]byte, error) {
	content, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("stage: read %q in the zip: %w", f.Name, err)
	}
	defer func() { _ = content.Close() }()
	b, err := io.ReadAll(io.LimitReader(content, maxEntry+1))
	if err != nil {
		return nil, fmt.Errorf("stage: read %q in the zip: %w", f.Name, err)
	}
	if len(b) > maxEntry {
		return nil, fmt.Errorf("stage: %q in the zip unpacks to more than %d bytes", f.Name, maxEntry)
	}
	return b, nil
}
