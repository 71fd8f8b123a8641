package funchost

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of Kestrel (documented).
const (
	maxRequestLine  = 8 << 10
	maxHeaderBytes  = 32 << 10
	maxHeaderFields = 100
)

// A refusal is the status that Kestrel answers to what is no request. The
// connection ends with it.
type refusal int

func (r refusal) Error() string { return "funchost: refused with " + strconv.Itoa(int(r)) }

const badRequest refusal = http.StatusBadRequest

// A request is one that Kestrel has accepted.
type request struct {
	method string // as sent
	target target
	http10 bool
	header fields

	remote  string // address of the client
	length  int64  // of the body; -1: not announced
	chunked bool
	body    func() ([]byte, error) // reads it, once
}

// readRequest reads the head of a request as Kestrel's HttpParser does (source):
// no lines that end without a carriage return, no white space in names, no folded
// lines, UTF-8 in values only.
func readRequest(in *bufio.Reader) (*request, error) {
	line, err := readLine(in, maxRequestLine, http.StatusRequestURITooLong)
	if err != nil {
		return nil, err
	}
	r := &request{length: -1}
	rawTarget, err := r.parseLine(line)
	if err != nil {
		return nil, err
	}
	if r.target, err = parseTarget(r.method, rawTarget); err != nil {
		return nil, err
	}
	if r.header, err = readHeader(in); err != nil {
		return nil, err
	}
	if err := r.checkHost(); err != nil {
		return nil, err
	}
	return r, r.readFraming()
}

// readLine returns a line without its CR and LF.
func readLine(in *bufio.Reader, limit int, tooLong refusal) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) >= limit:
			return "", tooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return "", err
		}
		text, found := strings.CutSuffix(string(line), "\r\n")
		if !found || strings.ContainsRune(text, '\r') {
			return "", badRequest
		}
		return text, nil
	}
}

func (r *request) parseLine(line string) (rawTarget string, err error) {
	method, rest, _ := strings.Cut(line, " ")
	rawTarget, version, versioned := strings.Cut(rest, " ")
	switch {
	case !isToken(method), rawTarget == "", strings.ContainsRune("?%", rune(rawTarget[0])), !versioned, version == "":
		return "", badRequest
	case version != "HTTP/1.1" && version != "HTTP/1.0":
		return "", refusal(http.StatusHTTPVersionNotSupported)
	}
	r.method, r.http10 = method, version == "HTTP/1.0"
	return rawTarget, nil
}

func readHeader(in *bufio.Reader) (fields, error) {
	const tooLarge = refusal(http.StatusRequestHeaderFieldsTooLarge)
	var header fields
	for room := maxHeaderBytes; ; {
		line, err := readLine(in, room, tooLarge)
		if err != nil || line == "" {
			return header, err
		}
		room -= len(line) + len("\r\n")
		if len(header) == maxHeaderFields {
			return nil, tooLarge
		}
		name, value, found := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !found || name == "" || strings.ContainsAny(name, " \t\x00") || !isASCII(name) || strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
			return nil, badRequest
		}
		header = append(header, field{name, value})
	}
}

// readFraming finds out how the body is sent.
func (r *request) readFraming() error {
	if codings := r.header.values("Transfer-Encoding"); len(codings) > 0 {
		last := codings[len(codings)-1]
		last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
		if !strings.EqualFold(last, "chunked") {
			return badRequest
		}
		r.chunked = true
		return nil
	}
	lengths := r.header.values("Content-Length")
	if len(lengths) == 0 {
		if r.http10 && isOneOf(r.method, http.MethodPost, http.MethodPut) {
			return badRequest
		}
		return nil
	}
	n, ok := digits(lengths[0])
	if !ok || len(lengths) > 1 {
		return badRequest
	}
	r.length = n
	return nil
}

// digits reads a number that has neither sign nor space.
func digits(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strings.Trim(text, "0123456789") == ""
}

// keepsAlive reports whether the client wants to use the connection again.
func (r *request) keepsAlive() bool {
	if r.http10 {
		return r.header.lists("Connection", "keep-alive")
	}
	return !r.header.lists("Connection", "close")
}

// readBody reads a body of a known length.
func readBody(in io.Reader, length int64) ([]byte, error) {
	if length <= 0 {
		return nil, nil
	}
	body := make([]byte, length)
	_, err := io.ReadFull(in, body)
	return body, err
}
