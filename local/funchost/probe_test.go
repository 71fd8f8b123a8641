package funchost

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// answering serves each connection, and closes it.
func answering(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener := listen(t)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			serve(connection)
			_ = connection.Close()
		}
	}()
	return listener.Addr().String()
}

func dialling(address string) *client {
	return &client{dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}}
}

func speak(t *testing.T, text string) string {
	t.Helper()
	return answering(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<10)) // the question, in one piece
		_, _ = io.WriteString(c, text)
	})
}

// reset breaks a connection so that its other side gets a network error.
func reset(c net.Conn) {
	_, _ = c.Read(make([]byte, 1))
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	closed := listen(t)
	_ = closed.Close()
	mute := listen(t) // the system accepts for it, and there is no answer
	tests := []struct {
		name, address string
		timeout       time.Duration
		want          bool
	}{
		{"ok", speak(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0, true},
		{"any status", speak(t, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), 0, true},
		{"redirect", speak(t, "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"), 0, true},
		{"no HTTP", speak(t, "hello\r\n"), 0, true},
		{"hangs up", speak(t, ""), 0, true},
		{"resets", answering(t, reset), 0, true},
		{"refuses", closed.Addr().String(), 0, false},
		{"no answer in time", mute.Addr().String(), 10 * time.Millisecond, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := probe{budget: 2 * probeInterval, timeout: tt.timeout}
			if got := p.run(t.Context(), dialling(tt.address), tt.address) == nil; got != tt.want {
				t.Errorf("ready = %v, want %v", got, tt.want)
			}
		})
	}
}

// TestProbeOfMuteHandler: a connection without an answer is not "not yet": the
// probe waits for it, beyond its budget and until its context ends.
func TestProbeOfMuteHandler(t *testing.T) {
	t.Parallel()
	mute := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready := make(chan bool, 1)
	go func() { ready <- probe{}.run(ctx, dialling(mute.Addr().String()), mute.Addr().String()) == nil }()
	connection, err := mute.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := connection.Read(make([]byte, 1)); err != nil {
		t.Fatal(err) // the question has come
	}
	select {
	case got := <-ready:
		t.Errorf("the probe ended with %v before an answer", got)
	default:
	}
	cancel()
	if <-ready {
		t.Error("ready without an answer")
	}
}

func TestProbeTimes(t *testing.T) {
	t.Parallel()
	if p := newProbe(HostSettings{InitializationTimeout: time.Second, FunctionTimeout: time.Minute}); p.budget != time.Second || p.timeout != 2*time.Minute {
		t.Errorf("probe %+v", p)
	}
	if p := newProbe(HostSettings{}); p.timeout != 0 {
		t.Errorf("probe %+v, want no time-out without functionTimeout", p)
	}
}
