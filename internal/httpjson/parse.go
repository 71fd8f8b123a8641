package httpjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is what is wrong with a text.
type Kind int

// The kinds of errors.
const (
	Empty     Kind = iota // nothing but blanks
	Charset               // not UTF-8
	Syntax                // not JSON
	TooDeep               // nested deeper than allowed
	Duplicate             // an object has two members of one name
)

// Error is the first thing that is wrong with a text.
type Error struct {
	Kind   Kind
	Offset int    // byte at which it is seen
	Path   string // of a duplicate, such as options.objects[0].table
	Reason string // in words, without the path and without a value of the text
}

func (e *Error) Error() string { return e.Reason }

var byteOrderMark = []byte("\xef\xbb\xbf")

// Parse checks a text and returns its value. Objects and arrays may be nested maxDepth deep.
// A byte order mark of UTF-8 is skipped: editors and PowerShell on Windows write it (RFC
// 8259, section 8.1, allows that). The error is an [*Error].
func Parse(text []byte, maxDepth int) (Value, error) {
	start := 0
	if bytes.HasPrefix(text, byteOrderMark) {
		start = len(byteOrderMark)
	}
	if err := checkCharset(text); err != nil {
		return Value{}, err
	}
	if len(bytes.TrimSpace(text[start:])) == 0 {
		return Value{}, &Error{Kind: Empty, Reason: "it is empty"}
	}
	if at := deeper(text, maxDepth); at >= 0 {
		return Value{}, &Error{Kind: TooDeep, Offset: at, Reason: fmt.Sprintf("it is nested more than %d deep", maxDepth)}
	}
	if err := checkSyntax(text, start); err != nil {
		return Value{}, err
	}
	v := (&cursor{text: string(text), at: start}).value()
	if err := check(v); err != nil {
		return Value{}, err
	}
	return v, nil
}

// checkCharset names UTF-16, which PowerShell and SQL Server's nvarchar send, and finds the
// first byte that is not UTF-8. encoding/json replaces such bytes, and two names become one.
func checkCharset(text []byte) error {
	for _, sign := range []string{"\xff\xfe", "\xfe\xff", "{\x00", "\x00{"} {
		if bytes.HasPrefix(text, []byte(sign)) {
			return &Error{Kind: Charset, Reason: "its charset is UTF-16: send it as UTF-8"}
		}
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return &Error{Kind: Charset, Offset: i, Reason: "its charset is not UTF-8, such as Windows-1252 or ISO 8859-1: send it as UTF-8"}
		}
		i += size
	}
	return nil
}

// deeper returns where a text is nested deeper than allowed, or -1. It looks before the
// syntax check, which keeps a stack.
func deeper(text []byte, maxDepth int) int {
	depth, inside := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return -1
}

// anything takes any JSON value and keeps nothing: what is wanted is the decoder's check.
type anything struct{}

func (anything) UnmarshalJSON([]byte) error { return nil }

func checkSyntax(text []byte, start int) error {
	err := json.Unmarshal(text[start:], &anything{})
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &syntax):
		return &Error{Kind: Syntax, Reason: err.Error()}
	case strings.Contains(syntax.Error(), "unexpected end"):
		return &Error{Kind: Syntax, Offset: len(text), Reason: "it ends early"}
	case strings.Contains(syntax.Error(), "after top-level value"):
		return &Error{Kind: Syntax, Offset: start + int(syntax.Offset) - 1, Reason: "there is something after its end"}
	}
	return &Error{Kind: Syntax, Offset: start + int(syntax.Offset) - 1, Reason: syntax.Error()}
}
