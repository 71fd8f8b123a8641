package cli

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// A key that is typed on a terminal is not shown; afterwards the terminal is as before.
func TestKeyIsTypedWithoutEcho(t *testing.T) {
	t.Parallel()
	for typed, code := range map[string]int{theKey + "\n": exitSuccess, "\n": exitUsage} {
		primary, replica, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = primary.Close() })
		before := terminalState(t, replica)
		path := filepath.Join(t.TempDir(), "profiles.json")
		done := make(chan ran)
		go func() {
			env := Environment{Getenv: func(name string) string { return map[string]string{"PBIREFRESH_PROFILES": path}[name] }, Stdin: replica}
			done <- runIn(t.Context(), t, env, "profile", "set", "p", "--url", "https://app.example")
		}()
		// It is ready for a secret when its state has changed; a program that never changes it shows the key below.
		for began := time.Now(); reflect.DeepEqual(terminalState(t, replica), before) && time.Since(began) < 10*time.Second; {
			time.Sleep(time.Millisecond)
		}
		if _, err := io.WriteString(primary, typed); err != nil {
			t.Fatal(err)
		}
		r := (<-done).exits(code)
		if !strings.HasPrefix(r.stderr, "function key: \n") || strings.Contains(r.stdout+r.stderr, theKey) {
			t.Errorf("the prompt is %q, want one line without the key", r.stderr)
		}
		if !reflect.DeepEqual(terminalState(t, replica), before) {
			t.Error("the terminal stays without echo")
		}
		if shown := onScreen(t, primary, replica); strings.Contains(shown, theKey) {
			t.Errorf("the terminal shows %q", shown)
		}
		if text, _ := os.ReadFile(path); strings.Contains(string(text), theKey) != (code == exitSuccess) {
			t.Errorf("exit code %d, and the file of profiles is %q", code, text)
		}
	}
}

func terminalState(t *testing.T, f *os.File) *term.State {
	t.Helper()
	s, err := term.GetState(int(f.Fd())) //nolint:gosec // a descriptor is a small number
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// onScreen is what a terminal has shown by the time a mark is printed on it.
func onScreen(t *testing.T, primary, replica *os.File) string {
	t.Helper()
	const mark = "that is all"
	if _, err := io.WriteString(replica, mark); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for b := make([]byte, 256); !strings.Contains(shown.String(), mark); {
		n, err := primary.Read(b)
		if err != nil {
			t.Fatalf("%q, %v", &shown, err)
		}
		shown.Write(b[:n])
	}
	_ = replica.Close()
	return shown.String()
}
