package funchost

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// startRecorder runs appFiles with a handler that records.
func startRecorder(t *testing.T) (*recorder, string) {
	t.Helper()
	handler := &recorder{}
	r := start(t, appFiles(t), nil, func(o *Options) { o.newProcess, o.Logger = handler.process, nil })
	r.waitReady()
	handler.expect(nil)
	return handler, strings.TrimPrefix(r.URL(), "http://")
}

// TestRequestHead covers what the recorded cases do not, by the source of Kestrel.
func TestRequestHead(t *testing.T) {
	t.Parallel()
	_, address := startRecorder(t)
	const get, host, end = "GET /api/echo HTTP/1.1\r\n", "Host: x\r\n", "Connection: close\r\n\r\n"
	for sent, want := range map[string]int{
		get + host + end: 200,
		"GET /api/echo HTTP/1.0\r\nHost: x\r\n\r\n":                                      200,
		"GET /api/echo HTTP/1.0\r\n\r\n":                                                 500, // its URL has no host
		get + "Host:\r\n" + end:                                                          500, // as has this
		get + end:                                                                        400,
		get + "Host: a b\r\n" + end:                                                      400,
		get + "Host: x:y\r\n" + end:                                                      400,
		get + "Host: [::1]:80\r\n" + end:                                                 200,
		get + "Host: x/y\r\n" + end:                                                      400,
		"GET http://x/api/echo HTTP/1.1\r\n" + host + end:                                200,
		"GET http://x:80/api/echo HTTP/1.1\r\n" + host + end:                             200,
		"GET http://y/api/echo HTTP/1.1\r\n" + host + end:                                400,
		"GET api/echo HTTP/1.1\r\n" + host + end:                                         405,
		"GET * HTTP/1.1\r\n" + host + end:                                                405,
		"OPTIONS * HTTP/1.1\r\n" + host + end:                                            404,
		"CONNECT x HTTP/1.1\r\n" + host + end:                                            404,
		"CONNECT y HTTP/1.1\r\n" + host + end:                                            400,
		"GET /api/echo HTTP/2.0\r\n" + host + end:                                        505,
		"GET /api/echo b HTTP/1.1\r\n" + host + end:                                      505,
		"GET /api/echo\r\n" + host + end:                                                 400,
		"GET  /api/echo HTTP/1.1\r\n" + host + end:                                       400,
		"G(T /api/echo HTTP/1.1\r\n" + host + end:                                        400,
		"GET %2Fapi HTTP/1.1\r\n" + host + end:                                           400,
		"GET /api/echo#x HTTP/1.1\r\n" + host + end:                                      400,
		"GET /api/echo HTTP/1.1\n" + host + end:                                          400,
		get + host + "X: 1\n" + end:                                                      400,
		get + host + "X: a\rb\r\n" + end:                                                 400,
		get + host + "X: a\x00b\r\n" + end:                                               400,
		get + host + "X\r\n" + end:                                                       400,
		get + host + ": 1\r\n" + end:                                                     400,
		get + host + " folded\r\n" + end:                                                 400,
		get + host + "X(Y: 1\r\n" + end:                                                  200,
		get + host + "Content-Language: \xc3\xa4\r\n" + end:                              200, // is not forwarded
		get + host + "Transfer-Encoding: gzip\r\n" + end:                                 400,
		get + host + "Content-Length: +0\r\n" + end:                                      400,
		get + host + "Content-Length: 0\r\nContent-Length: 0\r\n" + end:                  400,
		"POST /api/echo HTTP/1.0\r\n" + host + "\r\n":                                    400,
		"POST /none HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 404,
		"GET /api/echo?" + strings.Repeat("a", maxRequestLine) + " HTTP/1.1\r\n":         414,
		get + "X: " + strings.Repeat("a", maxHeaderBytes) + "\r\n":                       431,
		get + strings.Repeat("X: 1\r\n", maxHeaderFields+1):                              431,
	} {
		answer := rawExchange(t, address, sent)
		if got := strings.SplitN(answer+"   ", " ", 3)[1]; got != fmt.Sprint(want) {
			t.Errorf("%.80q: status %q, want %d", sent, got, want)
		}
	}
}

func rawExchange(t *testing.T, address, sent string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, sent); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("%.80q: %v", sent, err)
	}
	return string(answer)
}

// TestOneConnection: requests follow one another on it, with a body and without,
// and the host asks for a body that the client holds back.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	handler, address := startRecorder(t)
	answer := rawExchange(t, address, "GET /api/echo HTTP/1.1\r\nHost: x\r\n\r\n"+
		"POST /api/echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"+
		"PATCH /none HTTP/1.1\r\nHost: x\r\n\r\n"+
		"PUT /api/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	var statuses []string
	for line := range strings.Lines(answer) {
		if i := strings.Index(line, "HTTP/1.1 "); i >= 0 {
			statuses = append(statuses, line[i+9:i+12])
		}
	}
	if got, want := strings.Join(statuses, " "), "200 100 200 404 200"; got != want {
		t.Errorf("statuses %s, want %s", got, want)
	}
	if got := handler.got(); len(got) != 3 || got[1].Body != "abc" {
		t.Errorf("the handler received %+v", got)
	}
}

// TestEveryByte: each byte in a path, a query, a header name and a value has one of
// the outcomes of Kestrel and HttpClient, and what reaches the handler is valid.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	handler, address := startRecorder(t)
	outcomes := make(map[string]string)
	for c := range 256 {
		b := string([]byte{byte(c)})
		for where, text := range map[string]string{
			"path":  "GET /api/echo/x" + b + "y HTTP/1.1\r\nHost: x\r\n",
			"query": "GET /api/echo?x" + b + "y HTTP/1.1\r\nHost: x\r\n",
			"name":  "GET /api/echo HTTP/1.1\r\nHost: x\r\nX" + b + "y: 1\r\n",
			"value": "GET /api/echo HTTP/1.1\r\nHost: x\r\nX: a" + b + "c\r\n",
		} {
			handler.expect(nil)
			status := strings.SplitN(rawExchange(t, address, text+"Connection: close\r\n\r\n")+"  ", " ", 3)[1]
			outcomes[where+" "+status] += b
			for _, got := range handler.got() {
				if fields := strings.Fields(got.Line); len(fields) != 3 || !isASCII(got.Line) {
					t.Errorf("%s %q arrives as %q", where, b, got.Line)
				}
			}
		}
	}
	var beyond strings.Builder
	for c := 0x80; c < 0x100; c++ {
		beyond.WriteByte(byte(c))
	}
	for outcome, want := range map[string]string{
		"path 400": "\x00\n\r#" + beyond.String(), "path 505": " ",
		"query 400": "\x00\n\r#" + beyond.String(), "query 505": " ",
		"name 400": "\x00\t\n\r " + beyond.String(), "value 400": "\x00\n\r" + beyond.String(),
	} {
		if got := outcomes[outcome]; got != want {
			t.Errorf("%s: %q, want %q", outcome, got, want)
		}
	}
	for outcome := range outcomes {
		if status := outcome[len(outcome)-3:]; status != "200" && status != "400" && status != "505" {
			t.Errorf("%s: %q", outcome, outcomes[outcome])
		}
	}
}
