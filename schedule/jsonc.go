package schedule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/tailscale/hujson"

	"pbirefresh/internal/httpjson"
)

const (
	maxText  = 256 << 10 // bytes of a file
	maxDepth = 16        // deeper than any file needs to be
)

// parseText reads JSON with comments and trailing commas. Its error is an
// [*httpjson.Error].
func parseText(text []byte) (httpjson.Value, error) {
	if len(text) > maxText {
		return httpjson.Value{}, &httpjson.Error{Reason: fmt.Sprintf("the file is larger than %d KiB: split it over several apps, or name several models in one entry", maxText>>10)}
	}
	plain, err := Plain(text)
	if err != nil {
		return httpjson.Value{}, err
	}
	return httpjson.Parse(plain, maxDepth)
}

// Plain is a text of JSON with comments and trailing commas as plain JSON, in which every
// byte stands where it stood.
func Plain(text []byte) ([]byte, error) {
	if !utf8.Valid(text) { // found here with its place
		_, err := httpjson.Parse(text, maxDepth)
		return nil, err
	}
	// A copy, because hujson changes what it reads, with a line break that ends a last comment.
	plain := append(bytes.Clone(text), '\n')
	if bytes.HasPrefix(plain, []byte("\ufeff")) {
		copy(plain, "   ") // as editors on Windows write it
	}
	v, err := hujson.Parse(plain)
	if err != nil {
		return nil, located(text, err)
	}
	v.Standardize()
	return v.Pack()[:len(text)], nil
}

// place is how hujson begins its errors; the columns are bytes (its parse.go).
var place = regexp.MustCompile(`^hujson: line ([0-9]+), column ([0-9]+): `)

// located gives an error of hujson its place in the text.
func located(text []byte, err error) error {
	at := &httpjson.Error{Kind: httpjson.Syntax, Reason: err.Error()}
	m := place.FindStringSubmatch(err.Error())
	if m == nil {
		return at
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	for rest := text; line > 1; line-- {
		end := bytes.IndexByte(rest, '\n') + 1
		at.Offset, rest = at.Offset+end, rest[end:] // of a line break that is there
	}
	at.Offset, at.Reason = min(at.Offset+column-1, len(text)), at.Reason[len(m[0]):]
	switch comment := bytes.HasPrefix(text[at.Offset:], []byte("/*")); {
	case comment:
		at.Reason = "the comment that begins here has no end"
	case errors.Is(err, io.ErrUnexpectedEOF):
		at.Reason = "the file ends early"
	}
	return at
}
