package funchost

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// TestOrphan: the handler of a host that is killed lives on.
func TestOrphan(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeFiles(t, root, appFiles(t))
	host := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$") //nolint:gosec // this test binary
	host.Env = append(os.Environ(), modeVariable+"=host:"+root)
	host.Stderr = os.Stderr
	output, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var port string
	if _, err := fmt.Fscanln(output, &pid, &port); err != nil {
		t.Fatal(err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait() // killed
	handler, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = handler.Kill() }()
	response, err := http.Get("http://127.0.0.1:" + port + "/api/echo/x") //nolint:noctx // answered at once, or not at all
	if err != nil {
		t.Fatalf("the handler has gone with its host: %v", err)
	}
	_ = response.Body.Close()
}
