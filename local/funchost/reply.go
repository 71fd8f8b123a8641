package funchost

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// A reply is what the host answers to a client.
type reply struct {
	status int
	header fields
	body   []byte
	closes bool // whatever the client wishes
}

func replyStatus(status int) *reply { return &reply{status: status} }

// mayHaveBody reports whether Kestrel sends a body with a status.
func mayHaveBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusResetContent && status != http.StatusNotModified
}

// bytes writes a reply as Kestrel does: it adds Date, Server, Connection, and a
// framing if the header has none. A body under the handler's Transfer-Encoding is
// sent as it is: that is broken, and so it is on the real host (seen on 4.1037).
func (p *reply) bytes(r *request, keep bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", p.status, http.StatusText(p.status))
	header := p.header.without("Date")
	head := r.method == http.MethodHead
	chunked := false
	if !header.has("Transfer-Encoding") && !header.has("Content-Length") {
		switch {
		case len(p.body) == 0 && !head && mayHaveBody(p.status):
			header = append(header, field{"Content-Length", "0"})
		case len(p.body) > 0 && !head && r.http10:
			keep = false
		case len(p.body) > 0 && !head:
			chunked = true
			header = append(header, field{"Transfer-Encoding", "chunked"})
		}
	}
	p.closes = p.closes || !keep || header.lists("Connection", "close")
	if p.closes && !header.has("Connection") {
		header = append(header, field{"Connection", "close"})
	}
	if !header.has("Server") {
		header = append(header, field{"Server", "Kestrel"})
	}
	writeFields(&b, append(header, field{"Date", time.Now().UTC().Format(http.TimeFormat)}))
	if !head {
		p.writeBody(&b, chunked)
	}
	return b.Bytes()
}

func (p *reply) writeBody(b *bytes.Buffer, chunked bool) {
	if !chunked {
		b.Write(p.body)
		return
	}
	b.WriteString(strconv.FormatInt(int64(len(p.body)), 16) + "\r\n")
	b.Write(p.body)
	b.WriteString("\r\n0\r\n\r\n")
}
