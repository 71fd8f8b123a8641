package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/internal/hostlog"
)

// pipes is a listener on connections in memory: in a bubble their time is virtual.
type pipes struct{ c chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.c
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// dialed serves one connection with the program's own server and routes.
func dialed(t *testing.T) net.Conn {
	t.Helper()
	client, end := net.Pipe()
	p := pipes{make(chan net.Conn, 1)}
	p.c <- end
	routes, _ := assemble(environ(t, nil).get, slog.New(slog.DiscardHandler))
	server := newServer(context.Background(), routes, slog.New(slog.DiscardHandler))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(p); !errors.Is(err, net.ErrClosed) && !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		close(p.c)
		_ = client.Close()
		_ = server.Close()
		<-done
	})
	return client
}

// A client that sends a header or a body drop by drop is shown the door in time.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		begin, drop string
		within      time.Duration
	}{
		"header": {"POST /api/refreshes HTTP/1.1\r\nHost: x\r\nX-Slow: ", "x", 46 * time.Second},
		"body":   {"POST /api/refreshes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{", " ", 61 * time.Second},
		"idle":   {"", "", 46 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := dialed(t)
			begun := time.Now()
			var sender sync.WaitGroup
			sender.Go(func() {
				_, err := io.WriteString(c, tt.begin)
				for tt.drop != "" && err == nil {
					time.Sleep(time.Second)
					_, err = io.WriteString(c, tt.drop)
				}
			})
			_, _ = io.Copy(io.Discard, c) // until the server hangs up
			took := time.Since(begun)
			_ = c.Close()
			sender.Wait()
			if took > tt.within {
				t.Errorf("%s: cut off after %v, want within %v", name, took, tt.within)
			}
		})
	}
}

// Headers have a bound, and so has a body whatever its length claims to be.
func TestLargeHeadersAndBodies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		request string
		want    []int
	}{
		"header": {"GET /api/health HTTP/1.1\r\nHost: x\r\nX-Large: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", []int{http.StatusRequestHeaderFieldsTooLarge}},
		"many headers": {"GET /api/health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: "+strings.Repeat("x", 1000)+"\r\n", 90) + "\r\n",
			[]int{http.StatusRequestHeaderFieldsTooLarge}},
		"body": {"POST /api/refreshes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat(" ", 100_000),
			[]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dialed(t)
			go func() { _, _ = io.WriteString(c, tt.request) }() // the server may hang up before it is all sent
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			found := false
			for _, code := range tt.want {
				found = found || resp.StatusCode == code
			}
			if !found {
				t.Errorf("HTTP %d, want one of %v", resp.StatusCode, tt.want)
			}
		})
	}
}

// What a client sends can make neither a line of its own in the log nor a long one,
// nor move the cursor of who reads it.
func TestNothingIsInjectedIntoTheLog(t *testing.T) {
	t.Parallel()
	stdout, stderr := newLines(), newLines()
	routes, _ := assemble(environ(t, nil).get, slog.New(hostlog.New(stdout, stderr, slog.LevelDebug)))
	const evil = "\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\x1b[31m\x1b]0;title\x07\u2028\u202e"
	huge := strings.Repeat("A", 60<<10)
	for _, value := range []string{evil, huge, evil + huge} {
		for _, path := range []string{"/api/refreshes", "/api/refreshes/" + value, "/api/refreshes/" + value + "/cancel", "/" + value} {
			for _, method := range []string{http.MethodPost, http.MethodGet, "EVIL"} {
				sendRaw(t, routes, method, path, value)
			}
		}
	}
	records := 0
	for line := range strings.Lines(stdout.String() + stderr.String()) {
		records++
		var record struct{ Msg, Level string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("not a record: %v\n%.300q", err, line)
		}
		if record.Msg == "forged" || len(line) > 4<<10 || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool {
			return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u202e'
		}) {
			t.Errorf("%d bytes: %.300q", len(line), line)
		}
	}
	if records < 36 {
		t.Errorf("%d records: the requests were not logged", records)
	}
}

// sendRaw sends what no client library would.
func sendRaw(t *testing.T, routes http.Handler, method, path, value string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", strings.NewReader(`{"workspaceId":"`+value+`","`+value+`":1}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Method, r.URL.Path = method, path
	for _, name := range []string{"X-Azure-Functions-InvocationId", "User-Agent", "X-Forwarded-For", "Content-Type", "X-Ms-Client-Principal", "Prefer", "Traceparent"} {
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
	}
	if !strings.Contains(path, "cancel") {
		r.Header.Set("Content-Type", "application/json")
	}
	routes.ServeHTTP(discard{http.Header{}}, r)
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
