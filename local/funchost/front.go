package funchost

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	headTimeout = 30 * time.Second // Kestrel, documented
	bodyGrace   = 5 * time.Second  // Kestrel, documented; after it at least minBodyRate
	minBodyRate = 240              // bytes a second
	lastMoment  = time.Second
	// drained is how much of a body that no function asked for is read, so that
	// the client can read the answer.
	drained = 1 << 20
)

// A front takes the connections of clients, as Kestrel does.
type front struct {
	listener net.Listener
	serve    func(*request) *reply

	mu      sync.Mutex
	conns   map[net.Conn]bool // whether a request is under way
	closing bool
	open    sync.WaitGroup // connections
}

func newFront(listener net.Listener, serve func(*request) *reply) *front {
	return &front{listener: listener, serve: serve, conns: make(map[net.Conn]bool)}
}

func (f *front) run() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.open.Go(func() { f.handle(conn) })
	}
}

// shutdown lets no new connection in and closes those that wait for a request.
func (f *front) shutdown() {
	_ = f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closing = true
	for conn, busy := range f.conns {
		if !busy {
			_ = conn.Close()
		}
	}
}

// close ends all connections; those that are being answered get a moment for it.
func (f *front) close() {
	f.shutdown()
	f.mu.Lock()
	for conn := range f.conns {
		_ = conn.SetDeadline(time.Now().Add(lastMoment))
	}
	f.mu.Unlock()
	f.open.Wait()
}

// mark notes whether a request is under way; false says that the front closes.
func (f *front) mark(conn net.Conn, busy bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[conn] = busy
	return !f.closing
}

func (f *front) forget(conn net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, conn)
}

func (f *front) handle(conn net.Conn) {
	defer f.forget(conn)
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for f.mark(conn, false) && f.next(conn, in) {
	}
}

// next answers one request and reports whether another may follow.
func (f *front) next(conn net.Conn, in *bufio.Reader) bool {
	if _, err := in.Peek(1); err != nil {
		return false
	}
	f.mark(conn, true)
	_ = conn.SetReadDeadline(time.Now().Add(headTimeout))
	r, err := readRequest(in)
	_ = conn.SetReadDeadline(time.Time{})
	if err != nil {
		f.refuse(conn, in, err)
		return false
	}
	r.remote = conn.RemoteAddr().String()
	consumed := r.length <= 0 && !r.chunked
	r.body = func() ([]byte, error) { consumed = true; return receiveBody(conn, in, r) }
	answered := f.serve(r)
	keep := consumed && r.keepsAlive() && f.mark(conn, true)
	if _, err := conn.Write(answered.bytes(r, keep)); err != nil {
		return false
	}
	if !consumed {
		linger(conn, in)
	}
	return keep && !answered.closes
}

// receiveBody asks for the body if the client waits for that.
func receiveBody(conn net.Conn, in *bufio.Reader, r *request) ([]byte, error) {
	if r.chunked {
		return nil, errors.New("funchost: a chunked body is not read")
	}
	if r.length > 0 && r.header.lists("Expect", "100-continue") {
		if _, err := io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return nil, err
		}
	}
	_ = conn.SetReadDeadline(time.Now().Add(bodyGrace + time.Duration(r.length)*time.Second/minBodyRate))
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	return readBody(in, r.length)
}

// refuse answers what is no request; a client that has gone gets nothing.
func (f *front) refuse(conn net.Conn, in *bufio.Reader, err error) {
	var status refusal
	switch {
	case errors.As(err, &status):
	case errors.Is(err, os.ErrDeadlineExceeded):
		status = http.StatusRequestTimeout
	default:
		return
	}
	if _, err := conn.Write((&reply{status: int(status)}).bytes(&request{}, false)); err == nil {
		linger(conn, in)
	}
}

// linger reads what the client still sends: a connection that is closed with
// bytes unread takes the answer with it.
func linger(conn net.Conn, in io.Reader) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(bodyGrace))
		_, _ = io.CopyN(io.Discard, in, drained)
	}
}
