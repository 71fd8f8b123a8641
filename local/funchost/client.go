package funchost

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// sends is how often a request without a body is sent if the handler closes
	// the connection without a byte (seen on a host 4.1037).
	sends   = 4
	maxIdle = 256
)

// errNoByte is a connection that ended before the first byte of an answer.
var errNoByte = errors.New("funchost: the handler closed the connection without an answer")

// A dialError is a connection that did not come about.
type dialError struct{ error }

// A client sends requests as .NET's HttpClient does, over connections that it
// uses again.
type client struct {
	dial func(context.Context) (net.Conn, error)

	mu   sync.Mutex
	idle []*link
	shut bool
}

// A message is a request to the handler.
type message struct {
	method string
	target string
	header fields
	body   []byte
}

func (m message) head() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", m.method, m.target)
	writeFields(&b, m.header)
	return b.Bytes()
}

func writeFields(b *bytes.Buffer, header fields) {
	for _, f := range header {
		fmt.Fprintf(b, "%s: %s\r\n", f.name, f.value)
	}
	b.WriteString("\r\n")
}

// send returns the whole answer. It follows no redirect and keeps no cookie.
func (c *client) send(ctx context.Context, m message) (*answer, error) {
	for sent := 1; ; sent++ {
		got, err := c.sendOnce(ctx, m)
		if !errors.Is(err, errNoByte) || len(m.body) > 0 || sent == sends || ctx.Err() != nil {
			return got, err
		}
	}
}

func (c *client) sendOnce(ctx context.Context, m message) (*answer, error) {
	l, err := c.take(ctx)
	if err != nil {
		return nil, dialError{err}
	}
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetDeadline(time.Unix(1, 0)) })
	got, err := l.exchange(m)
	if !stop() && err != nil {
		err = context.Cause(ctx)
	}
	if err != nil || !got.reusable || m.keepsClosing() || ctx.Err() != nil {
		_ = l.conn.Close()
		return got, err
	}
	c.put(l)
	return got, nil
}

func (m message) keepsClosing() bool { return m.header.lists("Connection", "close") }

// take returns a connection that the handler has not closed yet, or a new one.
func (c *client) take(ctx context.Context) (*link, error) {
	for {
		l := c.pop()
		if l == nil {
			break
		}
		select {
		case <-l.first: // closed, or bytes that nothing asked for
			_ = l.conn.Close()
		default:
			return l, nil
		}
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &link{conn: conn, in: bufio.NewReader(conn)}, nil
}

func (c *client) pop() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.idle) == 0 {
		return nil
	}
	l := c.idle[len(c.idle)-1]
	c.idle = c.idle[:len(c.idle)-1]
	return l
}

func (c *client) put(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut || len(c.idle) == maxIdle {
		_ = l.conn.Close()
		return
	}
	l.await()
	c.idle = append(c.idle, l)
}

func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	for _, l := range c.idle {
		_ = l.conn.Close()
	}
	c.idle = nil
}

// A link is one connection to the handler.
type link struct {
	conn  net.Conn
	in    *bufio.Reader
	first chan struct{} // closed when the first byte has come, or none will
	ended error         // why none will
}

// await waits for the first byte of the next answer, even before the request, so
// that a closed connection shows.
func (l *link) await() {
	l.first = make(chan struct{})
	go func() {
		_, l.ended = l.in.Peek(1)
		close(l.first)
	}()
}

func (l *link) exchange(m message) (*answer, error) {
	if l.first == nil {
		l.await()
	}
	_, writeErr := l.conn.Write(append(m.head(), m.body...))
	<-l.first
	l.first = nil
	switch {
	case errors.Is(l.ended, io.EOF):
		return nil, errNoByte
	case l.ended != nil:
		return nil, l.ended
	}
	got, err := readAnswer(l.in, m.method)
	if err == nil && (writeErr != nil || l.in.Buffered() > 0) {
		got.reusable = false
	}
	return got, err
}

// separator joins the values of one header in a request.
func separator(name string) string {
	switch strings.ToLower(name) {
	case "cookie":
		return "; "
	case "user-agent", "server":
		return " "
	default:
		return ", "
	}
}
