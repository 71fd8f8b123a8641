package funchost

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// A bubble is a host in virtual time: its network and its handler are in memory.
type bubble struct {
	*rig
	mu        sync.Mutex
	listeners map[string]*memoryListener
	starts    int
	kills     int
	handle    func(head wireMessage) (reply string) // "" closes the connection
	schedule  string                                // of the timer Tick
	mute      bool                                  // accepts connections and answers none
}

// startBubble runs the app of appFiles; the test must be in a bubble of synctest.
func startBubble(t *testing.T, member string, b *bubble, edit ...func(*Options)) {
	t.Helper()
	b.listeners = make(map[string]*memoryListener)
	files := appFiles(t)
	files["host.json"] = hostJSON(t, strings.Fields(member)...)
	files["Tick/function.json"] = timerFunction(cmp.Or(b.schedule, never), `,"useMonitor":false`)
	b.rig = start(t, files, nil, append([]func(*Options){func(o *Options) {
		o.dial, o.listen, o.TimeoutGrace = b.dial, b.listen, 0
		o.newProcess = func(_ *Host, w *worker) process {
			return &memoryProcess{bubble: b, address: w.address, gone: make(chan struct{})}
		}
	}}, edit...)...)
}

func (b *bubble) listen(_ context.Context, address string) (net.Listener, error) {
	l := &memoryListener{accepted: make(chan net.Conn), closed: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[address] = l
	return l, nil
}

func (b *bubble) dial(ctx context.Context, address string) (net.Conn, error) {
	b.mu.Lock()
	l := b.listeners[address]
	b.mu.Unlock()
	if l == nil {
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	select {
	case l.accepted <- far:
		return near, nil
	case <-l.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// call sends a request to the host and returns the status line of the answer.
func (b *bubble) call(line string, body ...string) string {
	conn, err := b.dial(b.t.Context(), b.options.Addr)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	content := strings.Join(body, "")
	_, _ = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", line, len(content), content)
	answer, _ := io.ReadAll(conn)
	status, _, _ := strings.Cut(string(answer), "\r\n")
	return status
}

func (b *bubble) counts() (starts, kills int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.starts, b.kills
}

type memoryListener struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// A memoryProcess is a handler that kill alone can end.
type memoryProcess struct {
	*bubble
	address  string
	listener net.Listener
	conns    []net.Conn
	gone     chan struct{}
	once     sync.Once
}

func (p *memoryProcess) start() (int, error) {
	p.listener, _ = p.listen(context.Background(), p.address)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starts++
	go p.run()
	return p.starts, nil
}

func (p *memoryProcess) run() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns = append(p.conns, conn)
		p.mu.Unlock()
		go p.serve(conn)
	}
}

func (p *memoryProcess) serve(conn net.Conn) {
	if p.mute {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	defer func() { _ = conn.Close() }()
	for in := bufio.NewReader(conn); ; {
		head, err := readHead(in)
		if err != nil {
			return
		}
		reply := usualReply
		if len(head.Headers) > 1 { // no probe
			reply = p.handle(head)
		}
		if reply == "" {
			return
		}
		if _, err := io.WriteString(conn, reply); err != nil {
			return
		}
	}
}

// kill breaks all connections, as the end of a process does.
func (p *memoryProcess) kill() error {
	p.once.Do(func() {
		_ = p.listener.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.kills++
		for _, conn := range p.conns {
			_ = conn.Close()
		}
		close(p.gone)
	})
	return nil
}

func (p *memoryProcess) wait() exit {
	<-p.gone
	return exit{-1, "signal: killed"}
}
