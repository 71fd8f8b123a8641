package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pbirefresh/refresh/machine"
)

// A profile has the address and the key; its file is the user's alone, and list hides the key.
func TestProfiles(t *testing.T) {
	t.Parallel()
	app, path := newFakeApp(t, machine.Succeeded), filepath.Join(t.TempDir(), "sub", "profiles.json")
	env := map[string]string{"PBIREFRESH_PROFILES": path}
	with := Environment{Getenv: func(name string) string { return env[name] }, Stdin: strings.NewReader(theKey + "\n")}
	runIn(t.Context(), t, with, "profile", "set", "test", "--url", app.url).exits(0).prints("")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file of profiles: %v, %v, want mode 0600", info, err)
	}
	if r := runCommand(t, env, "profile", "list").exits(0); strings.Contains(r.stdout, theKey) || !strings.Contains(r.stdout, app.url) {
		t.Errorf("profile list prints %q, want the address and no key", r.stdout)
	}
	runCommand(t, env, "status", opID).exits(0)
	if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // that is the fault
		t.Fatal(err)
	}
	runCommand(t, env, "status", opID).exits(exitUsage).says("run chmod 600").prints("")
}
