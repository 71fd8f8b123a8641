//go:build !windows

package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"strings"
	"testing"

	"pbirefresh/internal/stage"
	"pbirefresh/local/funchost"
)

func sha256Of(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// zipMistake is one mistake of somebody who makes the zip by hand.
type zipMistake struct {
	rename func(name string) string
	mode   fs.FileMode // of all files; 0: as they are
	add    string      // one more file
	says   string      // what the check says, with what to do about it
	host   string      // what the host says to it; empty: it starts and notices nothing
}

var zipMistakes = map[string]zipMistake{
	"the folder itself": {
		rename: func(name string) string { return "dist/" + name },
		says:   "zip what is in the folder, not the folder",
		host:   "host.json",
	},
	"the sources' folder of functions": {
		rename: func(name string) string {
			if strings.HasSuffix(name, "/function.json") {
				return "functions/" + name
			}
			return name
		},
		says: "only directly below the root: zip what is staged in dist/",
		host: "direct child",
	},
	"no execute bit": {
		mode: 0o644,
		says: "deploy the zip that make package makes, as other tools lose the modes",
		host: "execut",
	},
	"a stray file": {
		add:  "notes.txt",
		says: "take it out, or deploy the zip that make package makes",
	},
	"local settings": {
		add:  "local.settings.json",
		says: "may hold secrets: take it out, and renew them",
	},
}

// refusesMistake: the check before a deployment says what is wrong and what to do, the
// host would only not start, or start with a secret beside the app.
func refusesMistake(t *testing.T, good []byte, m zipMistake) {
	bad := rezip(t, good, m)
	err := stage.Verify(bytes.NewReader(bad), int64(len(bad)))
	if err == nil || !strings.Contains(err.Error(), m.says) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the check says %v, want %q", err, m.says)
	}
	env := newWorld(t).Env()
	env["SWEEP_SCHEDULE"] = "0 0 0 1 1 *"
	host, err := funchost.Start(t.Context(), funchost.Options{Root: unpack(t, bad), Env: env, Environ: os.Environ()})
	if (err == nil) != (m.host == "") || err != nil && !strings.Contains(err.Error(), m.host) {
		t.Errorf("the host says %v, want %q", err, m.host)
	}
	if host != nil {
		_ = host.Close()
	}
}

// rezip makes a zip with the mistake out of a good one.
func rezip(t *testing.T, good []byte, m zipMistake) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range archive.File {
		name, mode := f.Name, f.Mode()
		if m.rename != nil {
			name = m.rename(name)
		}
		if m.mode != 0 {
			mode = m.mode
		}
		addFile(t, out, name, mode, contentOf(t, f))
	}
	if m.add != "" {
		addFile(t, out, m.add, 0o644, []byte(`{"Values":{"A":"b"}}`))
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addFile(t *testing.T, out *zip.Writer, name string, mode fs.FileMode, content []byte) {
	t.Helper()
	header := &zip.FileHeader{Name: name, Method: zip.Store}
	header.SetMode(mode)
	w, err := out.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
}
