package funchost

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
)

// A recorder is a handler in this process that records requests as they come and
// answers with bytes.
type recorder struct {
	mu       sync.Mutex
	address  string
	reply    string
	requests []wireMessage
}

const usualReply = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

func (r *recorder) expect(reply *string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.reply = nil, usualReply
	if reply != nil {
		r.reply = toBytes(strings.ReplaceAll(*reply, "<handler>", r.address))
	}
}

// anonymous replaces the address of the handler in headers.
func (r *recorder) anonymous(m wireMessage) wireMessage {
	headers := make([]string, len(m.Headers))
	for i, header := range m.Headers {
		headers[i] = strings.ReplaceAll(header, r.address, "<handler>")
	}
	m.Headers = headers
	return m
}

func (r *recorder) got() []wireMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

func (r *recorder) process(_ *Host, w *worker) process {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.address = w.address
	return &recorderProcess{recorder: r, address: w.address, gone: make(chan struct{})}
}

type recorderProcess struct {
	*recorder
	address  string
	listener net.Listener
	gone     chan struct{}
}

func (p *recorderProcess) start() (pid int, err error) {
	p.listener, err = net.Listen("tcp", p.address)
	if err != nil {
		return 0, err
	}
	go func() {
		defer close(p.gone)
		for {
			conn, err := p.listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return 1, nil
}

func (p *recorderProcess) kill() error { return p.listener.Close() }

func (p *recorderProcess) wait() exit {
	<-p.gone
	return exit{-1, "killed"}
}

// serve answers requests, and closes the connection after an unusual reply.
func (p *recorderProcess) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for reply := usualReply; reply == usualReply; {
		head, err := readHead(in)
		if err != nil {
			return
		}
		if len(head.Headers) > 1 { // no probe
			p.mu.Lock()
			p.requests = append(p.requests, head)
			reply = p.reply
			p.mu.Unlock()
		}
		for part := range strings.SplitSeq(reply, "<<SLEEP>>") { // each in a write of its own
			_, _ = io.WriteString(conn, part)
		}
	}
}

func readHead(in *bufio.Reader) (wireMessage, error) {
	var head strings.Builder
	length := int64(0)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return wireMessage{}, err
		}
		head.WriteString(line)
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.EqualFold(name, "Content-Length") {
			length, _ = digits(value)
		}
		if line == "\r\n" {
			body, err := readBody(in, length)
			return parseWire(fromLatin1(head.String() + string(body))), err
		}
	}
}
