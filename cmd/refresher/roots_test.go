package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"pbirefresh/local/sim"
)

func TestExtraRoots(t *testing.T) {
	t.Parallel()
	world, err := sim.Start(sim.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	r := &reader{getenv: environ(t, map[string]string{"SSL_CERT_FILE": world.CAFile}).get}
	for goos, extra := range map[string]bool{"linux": false, "darwin": true, "windows": true} {
		client := r.extraRoots(goos)
		if (client != nil) != extra {
			t.Fatalf("%s: %v", goos, client)
		}
		if roots := (settings{web: client}).roots(); (roots != nil) != extra {
			t.Errorf("%s: the roots for callbacks are %v", goos, roots)
		}
		if !extra {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, world.VaultURL+"/secrets/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", goos, err)
		}
		_ = resp.Body.Close()
	}
	if len(r.problems) > 0 {
		t.Errorf("%v", r.problems)
	}
}

func TestExtraRootsThatAreNone(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + ".not"} {
		r := &reader{getenv: environ(t, map[string]string{"SSL_CERT_FILE": file}).get}
		if r.extraRoots("darwin") != nil || len(r.problems) != 1 {
			t.Errorf("%s: %v", file, r.problems)
		}
	}
}
