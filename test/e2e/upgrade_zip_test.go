//go:build !windows

package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

const zipVersion = "v0.0.0-zip"

// packaged is the zip that `pbirefresh package` makes for this machine, and the folder in
// which it was made. On Windows there is none: the Functions service that this is for
// is Linux, and host.json names the executable without an ending.
func packaged(t *testing.T) (content []byte, out string) {
	t.Helper()
	out = t.TempDir()
	platform := runtime.GOOS + "/" + runtime.GOARCH
	cmd := exec.CommandContext(t.Context(), "go", "run", "./cmd/pbirefresh", "package", "--platforms", platform, "--version", zipVersion, "--out", out)
	cmd.Dir = "../.."
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	content, err = os.ReadFile(filepath.Join(out, "build", "pbirefresh-"+strings.ReplaceAll(platform, "/", "-")+".zip"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return content, out
}

// unpack lays a zip out as the platform does: paths and modes as the zip has them, and
// nothing is made executable. Premium and Dedicated plans mount it so.
func unpack(t *testing.T, content []byte) string {
	t.Helper()
	root := t.TempDir()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		path := filepath.Join(root, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, contentOf(t, f), f.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, f.Mode().Perm()); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	return root
}

func contentOf(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The zip that is deployed: unpacked, it runs under the host, and does its work.
func TestPackagedZip(t *testing.T) {
	t.Parallel()
	content, out := packaged(t)
	root := unpack(t, content)
	holdsOnlyTheApp(t, root)
	listsItsModules(t, out, root)
	t.Run("refreshes", func(t *testing.T) { t.Parallel(); zipRefreshes(t, root) })
	for name, mistake := range zipMistakes {
		t.Run(name, func(t *testing.T) { t.Parallel(); refusesMistake(t, content, mistake) })
	}
}

// holdsOnlyTheApp: host.json and the executable at the root, every function in a direct
// child, nothing else.
func holdsOnlyTheApp(t *testing.T, root string) {
	t.Helper()
	want := []string{"host.json", "refresher"}
	folders, err := os.ReadDir("../../functions")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		want = append(want, folder.Name()+"/function.json")
	}
	var got []string
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(root, path)
			got = append(got, filepath.ToSlash(name))
		}
		return err
	})
	slices.Sort(want)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the zip holds %v, want %v (%v)", got, want, err)
	}
	if info, err := os.Stat(filepath.Join(root, "refresher")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the executable: %v %v", info, err)
	}
}

// zipRefreshes runs one refresh from end to end: with a key, looked at once, moved on by
// the host's own timer.
func zipRefreshes(t *testing.T, root string) {
	world := newWorld(t)
	settings := onAzurite(t)
	settings["SWEEP_SCHEDULE"] = "* * * * * *"
	a := startAppFrom(t, root, world, settings, "")
	if resp, text := a.call("POST", "/api/refreshes", body(sim.Sales()), "x-functions-key", "wrong"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong key: %s %s", resp.Status, text)
	}
	doc := a.trigger(body(sim.Sales()))
	resp, text := a.call("GET", doc.StatusURL, "", "x-functions-key", "")
	if resp.StatusCode != http.StatusAccepted || resp.Header.Get("x-pbirefresh-version") != zipVersion {
		t.Errorf("%s %v %s", resp.Status, resp.Header, text)
	}
	a.until(t, func() bool { return swept(a) })
	if doc = a.finish(doc.StatusURL); doc.Status != machine.StatusSucceeded || len(doc.Attempts) != 1 {
		t.Errorf("ended as %+v", doc)
	}
	tellsItsVersion(t, a)
}

// tellsItsVersion: whoever operates the app, and Power BI, can see which one it is.
func tellsItsVersion(t *testing.T, a *app) {
	t.Helper()
	for _, path := range []string{"/api/health", "/api/health/ready"} {
		if resp, text := a.call("GET", path, ""); resp.StatusCode != http.StatusOK || !strings.Contains(text, `"version":"`+zipVersion+`"`) {
			t.Errorf("%s: %s %s", path, resp.Status, text)
		}
	}
	if !strings.Contains(a.log(), zipVersion) {
		t.Errorf("the log does not say the version\n%s", a.log())
	}
	posts := 0
	for _, e := range a.world.Journal.Entries(0) {
		if e.Kind == sim.KindRequest && e.Op == sim.OpStart {
			posts++
			if e.Agent != "pbirefresh/"+zipVersion {
				t.Errorf("Power BI was called by %q", e.Agent)
			}
		}
	}
	if posts != 1 {
		t.Errorf("%d requests to Power BI for a refresh", posts)
	}
}

// listsItsModules: the bill of materials has the modules that `go version -m` finds in the
// executable, no more and no fewer, and is of that very executable.
func listsItsModules(t *testing.T, out, root string) {
	t.Helper()
	list, err := exec.CommandContext(t.Context(), "go", "version", "-m", filepath.Join(root, "refresher")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var built []string
	for line := range strings.Lines(string(list)) {
		if f := strings.Fields(line); len(f) > 2 && f[0] == "dep" {
			built = append(built, f[1]+" "+f[2])
		}
	}
	sbom, digest := readSBOM(t, out)
	slices.Sort(built)
	if len(built) == 0 || !slices.Equal(built, sbom) {
		t.Errorf("the bill of materials lists %v, the executable has %v", sbom, built)
	}
	exe, err := os.ReadFile(filepath.Join(root, "refresher"))
	if err != nil || digest != sha256Of(exe) {
		t.Errorf("the bill of materials is of %s, not of what is in the zip (%v)", digest, err)
	}
}

// readSBOM reads the modules, and the digest of the executable that they are in.
func readSBOM(t *testing.T, out string) (modules []string, digest string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(out, "build", "*.cdx.json"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v %v", names, err)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		Metadata struct {
			Component  struct{ Version string }
			Properties []struct{ Name, Value string }
		}
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bom); err != nil {
		t.Fatal(err)
	}
	if bom.Metadata.Component.Version != zipVersion {
		t.Errorf("a bill of materials of %q", bom.Metadata.Component.Version)
	}
	for _, c := range bom.Components {
		if c.Name != "std" {
			modules = append(modules, c.Name+" "+c.Version)
		}
	}
	for _, p := range bom.Metadata.Properties {
		if p.Name == "cdx:gomod:binary:hash:SHA-256" {
			digest = p.Value
		}
	}
	slices.Sort(modules)
	return modules, digest
}
