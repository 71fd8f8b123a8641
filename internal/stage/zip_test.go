package stage

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func zipOf(t *testing.T, dist string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Zip(dist, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func verify(b []byte) error { return Verify(bytes.NewReader(b), int64(len(b))) }

func TestZipIsReproducible(t *testing.T) {
	t.Parallel()
	_, first := mustStage(t, sources())
	_, second := mustStage(t, sources())
	redate(t, second)
	writeTree(t, second, map[string]string{"local.settings.json": `{"Values":{"KEY":"secret"}}`})
	a, b := zipOf(t, first), zipOf(t, second)
	if !bytes.Equal(a, b) {
		t.Error("equal files gave different zips")
	}
	if bytes.Contains(b, []byte("local.settings")) {
		t.Error("local settings got into the zip")
	}
}

func TestZipEntries(t *testing.T) {
	t.Parallel()
	_, dist := mustStage(t, sources())
	b := zipOf(t, dist)
	if err := verify(b); err != nil {
		t.Errorf("Verify refuses what Zip made: %v", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
		want := fs.FileMode(0o644)
		if f.Name == "handler" {
			want = 0o755
		}
		if f.Mode() != want || f.CreatorVersion>>8 != 3 {
			t.Errorf("%s: mode %v made by %d, want %v made by 3", f.Name, f.Mode(), f.CreatorVersion>>8, want)
		}
		if !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: time %v", f.Name, f.Modified)
		}
	}
	want := []string{"Health/function.json", "Sweep/function.json", "handler", "host.json", "policy.json", "schedules.json"}
	if !slices.Equal(names, want) {
		t.Errorf("entries %v, want %v", names, want)
	}
}

func TestZipRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(t *testing.T, dist string)
		want string
	}{
		{"nothing staged", func(t *testing.T, dist string) { remove(t, dist, ".") }, "host.json"},
		{"no executable", func(t *testing.T, dist string) { remove(t, dist, "handler") }, `no executable "handler"`},
		{"foreign file", func(t *testing.T, dist string) { writeTree(t, dist, map[string]string{"x": ""}) }, "is not part of a staged app"},
		{"foreign folder", func(t *testing.T, dist string) { writeTree(t, dist, map[string]string{"d/x": ""}) }, "holds only its function.json"},
		{"no function", func(t *testing.T, dist string) { remove(t, dist, "Sweep"); remove(t, dist, "Health") }, "no function"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, dist := mustStage(t, sources())
			tt.edit(t, dist)
			wantError(t, Zip(dist, new(strings.Builder)), tt.want)
		})
	}
}

func remove(t *testing.T, dist, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dist, name)); err != nil {
		t.Fatal(err)
	}
}

// fullDisk fails after the given number of bytes.
type fullDisk struct{ left int }

var errFull = errors.New("disk full")

func (d *fullDisk) Write(p []byte) (int, error) {
	d.left -= len(p)
	if d.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestZipReportsWriteErrors(t *testing.T) {
	t.Parallel()
	_, dist := mustStage(t, sources())
	size := len(zipOf(t, dist))
	for _, room := range []int{0, size / 2, size - 1} {
		if err := Zip(dist, &fullDisk{left: room}); !errors.Is(err, errFull) {
			t.Errorf("room for %d of %d bytes: error = %v", room, size, err)
		}
	}
}

// An entry of a hand-made zip.
type entry struct {
	name, content string
	mode          fs.FileMode
	creator       uint16 // of the zip specification; 0: Unix
}

func goodEntries() []entry {
	return []entry{
		{"host.json", hostJSON, 0o644, 0},
		{"Sweep/function.json", "{}", 0o644, 0},
		{"handler", "\x7fELF", 0o755, 0},
	}
}

func makeZip(t *testing.T, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Store}
		header.SetMode(e.mode)
		if e.creator != 0 {
			header.CreatorVersion = header.CreatorVersion&0xff | e.creator<<8
		}
		w, err := out.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if e.content == "" {
			continue
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	const f644, f755 = fs.FileMode(0o644), fs.FileMode(0o755)
	tests := []struct {
		name string
		edit func(e []entry) []entry
		want string
	}{
		{"in a folder", func(e []entry) []entry {
			for i := range e {
				e[i].name = "dist/" + e[i].name
			}
			return e
		}, "zip what is in the folder"},
		{"no execute bit", func(e []entry) []entry { e[2].mode = f644; return e }, `"handler" in the zip has mode -rw-r--r--, must be made by Unix with mode -rwxr-xr-x: deploy the zip that make package makes`},
		{"made by NTFS", func(e []entry) []entry { e[2].creator = 11; return e }, "must be made by Unix"},
		{"made by macOS", func(e []entry) []entry { e[2].creator = 19; return e }, "must be made by Unix"},
		{"executable function.json", func(e []entry) []entry { e[1].mode = f755; return e }, "has mode -rwxr-xr-x"},
		{"symbolic link", func(e []entry) []entry { e[2].mode |= fs.ModeSymlink; return e }, "has mode L"},
		{"empty executable", func(e []entry) []entry { e[2].content = ""; return e }, "is empty"},
		{"no executable", func(e []entry) []entry { return e[:2] }, `no executable "handler"`},
		{"no function", func(e []entry) []entry { return []entry{e[0], e[2]} }, "no function"},
		{"nested function", func(e []entry) []entry { return append(e, entry{"functions/A/function.json", "{}", f644, 0}) }, "only directly below the root: zip what is staged in dist/"},
		{"folder entry", func(e []entry) []entry { return append(e, entry{"Sweep/", "", f755 | fs.ModeDir, 0}) }, "is not part of a staged app"},
		{"secrets", func(e []entry) []entry { return append(e, entry{"local.settings.json", "{}", f644, 0}) }, "may hold secrets: take it out, and renew them"},
		{"sources", func(e []entry) []entry { return append(e, entry{"main.go", "x", f644, 0}) }, "take it out, or deploy the zip that make package makes"},
		{"secrets of a function", func(e []entry) []entry { return append(e, entry{"Sweep/Local.Settings.json", "{}", f644, 0}) }, "may hold secrets"},
		{"paths of Windows", func(e []entry) []entry { e[1].name = `Sweep\function.json`; return e }, `paths in a zip have "/"`},
		{"twice", func(e []entry) []entry { return append(e, e[1]) }, "twice"},
		{"escaping path", func(e []entry) []entry { return append(e, entry{"../function.json", "{}", f644, 0}) }, "is no function name"},
		{"bad host.json", func(e []entry) []entry { e[0].content = "{"; return e }, "host.json is not valid"},
		{"bad function.json", func(e []entry) []entry { e[1].content = "{"; return e }, "is not valid JSON"},
		{"bad policy.json", func(e []entry) []entry { return append(e, entry{"policy.json", "{", f644, 0}) }, "policy.json is not valid JSON"},
	}
	if err := verify(makeZip(t, goodEntries())); err != nil {
		t.Fatalf("the good zip is refused: %v", err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, verify(makeZip(t, tt.edit(goodEntries()))), tt.want)
		})
	}
}

func TestVerifyRefusesDamage(t *testing.T) {
	t.Parallel()
	good := makeZip(t, goodEntries())
	damaged := bytes.Replace(good, []byte("\x7fELF"), []byte("\x7fELG"), 1)
	wantError(t, verify(damaged), "checksum")
	wantError(t, verify(good[:len(good)/2]), "not a zip")
	wantError(t, verify(nil), "not a zip")
}

func FuzzVerify(f *testing.F) {
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, name := range []string{"host.json", "A/function.json", "handler"} {
		if err := writeEntry(out, name, 0o755, []byte(hostJSON)); err != nil {
			f.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := verify(data); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error has more than one line: %q", err)
		}
	})
}
