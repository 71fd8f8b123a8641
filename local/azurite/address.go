package azurite

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// readAddress reads a starting server's output up to the line that says where
// it listens, and returns that address: "http://127.0.0.1:41234".
func readAddress(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if address, ok := parseAddress(lines.Text()); ok {
			return address, nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	return "", errors.New("it ended before it listened")
}

// parseAddress finds the address in a line such as "Azurite Blob service
// successfully listens on http://127.0.0.1:41234" (seen: Azurite 3.35).
func parseAddress(line string) (string, bool) {
	_, text, ok := strings.Cut(line, " listens on ")
	if !ok {
		return "", false
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" {
		return "", false
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 || !net.ParseIP(u.Hostname()).IsLoopback() {
		return "", false
	}
	return "http://" + u.Host, true
}
