package release_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/internal/release"
)

const changelog = "# Changelog\n\nIntro.\n\n## Unreleased\n\n### Added\n\n- Next.\n\n## [1.2.0] - 2026-11-25\n\n### Fixed\n\n- This.\n\n## 1.1.0 - 2026-10-01\r\n\r\n- That.\n\n## 1.0.0\n"

func TestNotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ version, name, text string }{
		{"v1.2.0", "1.2.0", "### Fixed\n\n- This."},
		{"1.1.0", "1.1.0", "- That."},
		{"v1.2.0-3-gabc", release.Unreleased, "### Added\n\n- Next."},
		{"v1.0.0", "1.0.0", ""},
	} {
		name, text, err := release.Notes(changelog, c.version)
		if err != nil || name != c.name || text != c.text {
			t.Errorf("%s: %q %q %v", c.version, name, text, err)
		}
	}
	if _, _, err := release.Notes("# Changelog\n", "v1.0.0"); err == nil {
		t.Error("a changelog without sections is no changelog")
	}
}

// A release has a section of its own, with something in it.
func TestReleased(t *testing.T) {
	t.Parallel()
	if text, err := release.Released(changelog, "v1.2.0"); err != nil || text != "### Fixed\n\n- This." {
		t.Errorf("%q %v", text, err)
	}
	for version, want := range map[string]string{"v9.0.0": "rename Unreleased", "v1.0.0": "is empty"} {
		if _, err := release.Released(changelog, version); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", version, err, want)
		}
	}
	if _, err := release.Released("", "v1.0.0"); err == nil {
		t.Error("an empty changelog")
	}
}

// The project's own changelog is in the format.
func TestOwnChangelog(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	if name, notes, err := release.Notes(string(text), "dev"); err != nil || name != release.Unreleased || notes == "" {
		t.Errorf("%q %q %v", name, notes, err)
	}
}

func files() map[string][]byte {
	return map[string][]byte{"b.zip": []byte("second"), "a.zip": []byte("first")}
}

// sha256sum itself reads the checksums where it exists.
func TestSums(t *testing.T) {
	t.Parallel()
	sums := release.Sums(files())
	if want := release.Digest([]byte("first")) + "  a.zip\n" + release.Digest([]byte("second")) + "  b.zip\n"; sums != want {
		t.Errorf("%q, want %q", sums, want)
	}
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		return // not on every platform; the literal above is the format
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "SHA256SUMS"), []byte(sums))
	for name, content := range files() {
		write(t, filepath.Join(dir, name), content)
	}
	cmd := exec.CommandContext(t.Context(), tool, "--check", "--strict", "SHA256SUMS")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLicences(t *testing.T) {
	t.Parallel()
	const sbom = `{"bomFormat":"CycloneDX","components":[
	 {"name":"std","version":"go1.26.8"},
	 {"name":"good","version":"v1","evidence":{"licenses":[{"license":{"id":"MIT"}},{"license":{"id":"MIT"}}]}},
	 {"name":"asserted","version":"v1","licenses":[{"license":{"id":"Apache-2.0"}}]},
	 {"name":"copyleft","version":"v2","evidence":{"licenses":[{"license":{"id":"MIT"}},{"license":{"id":"AGPL-3.0-only"}}]}},
	 {"name":"named","version":"v3","evidence":{"licenses":[{"license":{"name":"Custom"}}]}},
	 {"name":"silent","version":"v4"}]}`
	list, err := release.Components([]byte(sbom))
	if err != nil || len(list) != 5 || len(list[0].Licences) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	if err := release.CheckLicences(list[:2]); err != nil {
		t.Error(err)
	}
	err = release.CheckLicences(list)
	for _, want := range []string{"copyleft v2: AGPL-3.0-only", "named v3: Custom", "silent v4: no licence was found"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "good") {
		t.Errorf("%v names what is allowed", err)
	}
}

func TestNoBillOfMaterials(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "[]", `{"bomFormat":"CycloneDX"}`, `{"bomFormat":"SPDX","components":[{"name":"x"}]}`} {
		if list, err := release.Components([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, list)
		}
	}
}

// Of the tool that made it only what is the same everywhere remains.
func TestSettled(t *testing.T) {
	t.Parallel()
	const here = `{"bomFormat":"CycloneDX","metadata":{"tools":[{"name":"t","version":"v1","hashes":[{"alg":"MD5","content":"%s"}]}]},
	 "components":[{"name":"c","hashes":[{"alg":"SHA-256","content":"kept"}]}]}`
	a, err := release.Settled(fmt.Appendf(nil, here, "one"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := release.Settled(fmt.Appendf(nil, here, "other"))
	if err != nil || !bytes.Equal(a, b) || !bytes.Contains(a, []byte(`"kept"`)) || !bytes.Contains(a, []byte(`"v1"`)) {
		t.Errorf("%v\n%s\n%s", err, a, b)
	}
	if _, err := release.Settled([]byte("{")); err == nil {
		t.Error("half a bill")
	}
}
