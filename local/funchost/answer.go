package funchost

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
)

// maxAnswerHeader is HttpClient's MaxResponseHeadersLength (documented).
const maxAnswerHeader = 64 << 10

// An answer is a handler's response, read as a whole.
type answer struct {
	status   int
	header   fields
	body     []byte
	reusable bool // the connection may carry another request
}

// readAnswer reads what .NET's HttpClient reads. Informational answers are passed
// over.
func readAnswer(in *bufio.Reader, method string) (*answer, error) {
	for {
		line, err := answerLine(in)
		if err != nil {
			return nil, err
		}
		a := &answer{}
		if a.status, err = parseStatus(line); err != nil {
			return nil, err
		}
		if a.header, err = readAnswerHeader(in); err != nil {
			return nil, err
		}
		if a.status >= 100 && a.status < 200 && a.status != http.StatusSwitchingProtocols {
			continue
		}
		a.reusable = strings.HasPrefix(line, "HTTP/1.1") && !a.header.lists("Connection", "close")
		return a, a.readBody(in, method)
	}
}

func answerLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err == nil && len(line) > maxAnswerHeader {
		err = errors.New("funchost: the answer has a line that is too long")
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
}

func parseStatus(line string) (int, error) {
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	n, ok := digits(code)
	minor, known := strings.CutPrefix(version, "HTTP/1.")
	if _, numeric := digits(minor); !known || !numeric || len(minor) != 1 || !ok || len(code) != 3 {
		return 0, fmt.Errorf("funchost: the answer has an invalid status line: %.40q", line)
	}
	return int(n), nil
}

// readAnswerHeader reads lines that may be folded and may end with LF alone.
func readAnswerHeader(in *bufio.Reader) (fields, error) {
	var header fields
	for size := 0; ; {
		line, err := answerLine(in)
		if err != nil || line == "" {
			return header, err
		}
		if size += len(line); size > maxAnswerHeader {
			return nil, errors.New("funchost: the answer has too many header lines")
		}
		if folded := strings.TrimLeft(line, " \t"); folded != line && len(header) > 0 {
			header[len(header)-1].value += " " + strings.Trim(folded, " \t")
			continue
		}
		name, value, found := strings.Cut(line, ":")
		name = strings.TrimRight(name, " \t")
		if !found || !isToken(name) {
			return nil, fmt.Errorf("funchost: the answer has an invalid header line: %.40q", line)
		}
		header = append(header, field{name, strings.Trim(value, " \t")})
	}
}

// readBody reads the body, which the method and the status may rule out.
func (a *answer) readBody(in *bufio.Reader, method string) (err error) {
	length, known := digits(a.header.get("Content-Length"))
	switch {
	case method == http.MethodHead, a.status == http.StatusNoContent, a.status == http.StatusNotModified:
	case a.header.lists("Transfer-Encoding", "chunked"):
		a.body, err = readChunked(in)
	case known:
		a.body, err = readBody(in, length)
	default:
		a.reusable = false
		a.body, err = io.ReadAll(in)
	}
	return err
}

func readChunked(in *bufio.Reader) ([]byte, error) {
	body, err := io.ReadAll(httputil.NewChunkedReader(in))
	if err != nil {
		return nil, err
	}
	for { // trailers
		line, err := answerLine(in)
		if err != nil || line == "" {
			return body, err
		}
	}
}
