package azurite

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// ends is the limit of what must happen soon; it decides nothing else.
const ends = 30 * time.Second

func start(t *testing.T, ctx context.Context, dir string) *Server { //nolint:revive // the context is the subject of these tests
	t.Helper()
	s, err := Start(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// status asks the server for something that needs a key, and returns its answer.
func status(t *testing.T, s *Server) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ServiceURL()+"?comp=list", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestStartAnswersUntilClose(t *testing.T) {
	t.Parallel()
	s := start(t, t.Context(), "")
	if code, err := status(t, s); err != nil || code != http.StatusForbidden {
		t.Fatalf("without a key: %d, %v; want it refused", code, err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if code, err := status(t, s); err == nil {
		t.Fatalf("after Close it answers %d", code)
	}
}

func TestServersAreApart(t *testing.T) {
	t.Parallel()
	a, b := start(t, t.Context(), ""), start(t, t.Context(), "")
	if a.ServiceURL() == b.ServiceURL() || a.key == b.key {
		t.Fatalf("two servers share %s or a key", a.ServiceURL())
	}
}

func TestContextEndsServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := start(t, ctx, "")
	conn := dial(t, s.url)
	cancel()
	wantCut(t, conn)
}

// TestPipeEndsServer: the pipe alone is enough.
func TestPipeEndsServer(t *testing.T) {
	t.Parallel()
	s := start(t, t.Context(), "")
	conn := dial(t, s.url)
	if err := s.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	wantCut(t, conn)
}

var child = flag.Bool("azurite.child", false, "start a server, print its address and wait to be killed")

// TestKilledParent: a test binary that is killed leaves no server behind.
func TestKilledParent(t *testing.T) {
	if *child {
		fmt.Println("child has", Shared(t).url)
		<-t.Context().Done()
		return
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledParent$", "-azurite.child")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(line, "child has ")
	if err != nil || !ok {
		t.Fatalf("the child says %q, %v", line, err)
	}
	conn := dial(t, strings.TrimSpace(url))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wantCut(t, conn)
}

func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// wantCut checks that the server at the other end goes away.
func wantCut(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(ends)); err != nil {
		t.Fatal(err)
	}
	_, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the server is still there")
	}
}

func TestPersistence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, t.Context(), dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing is kept in the folder: %v, %v", files, err)
	}
}

func TestStartTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), file)
	if err == nil || !strings.Contains(err.Error(), "did not start") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("data in a file: %v", err)
	}
}

func TestSharedIsOne(t *testing.T) {
	t.Parallel()
	if a, b := Shared(t), Shared(t); a != b {
		t.Fatal("two servers")
	}
	if a, b := NewContainer(), NewContainer(); a == b || len(a) < 10 || strings.ToLower(a) != a {
		t.Fatalf("containers %q and %q", a, b)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	var tl tail
	if got := tl.String(); got != "nothing" {
		t.Errorf("empty: %q", got)
	}
	for range 300 {
		_, _ = tl.Write([]byte("0123456789\n"))
	}
	_, _ = tl.Write([]byte("the\nend\n"))
	if got := tl.String(); len(got) > 1000 || !strings.HasSuffix(got, " the end") {
		t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-10):])
	}
}
