package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	maxText  = 256 << 10 // bytes of a file
	maxDepth = 16        // deeper than any file needs to be
)

// node is one value of a file, with where it stands.
type node struct {
	kind    kind
	start   int // byte offsets in the text
	end     int
	text    string // of a string
	members []member
	items   []*node
}

type member struct {
	name  string
	start int // of the name
	value *node
}

type kind string

const (
	isObject kind = "an object"
	isArray  kind = "an array"
	isString kind = "a string"
	isOther  kind = "a number, true, false or null"
)

// member returns the value of that name; a nil node has none.
func (n *node) member(name string) *node {
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// syntaxError says where a text stops being JSON.
type syntaxError struct {
	offset int
	reason string
}

func (e *syntaxError) Error() string { return e.reason }

// parseText reads JSON with comments and trailing commas into nodes. What it
// returns besides is the same text as plain JSON, in which every byte stands where
// it stood: offsets and raw values fit both.
func parseText(text []byte) (*node, []byte, error) {
	if len(text) > maxText {
		return nil, nil, &syntaxError{0, fmt.Sprintf("the file is larger than %d KiB: split it over several apps, or name several models in one entry", maxText>>10)}
	}
	if i := invalidUTF8(text); i >= 0 {
		return nil, nil, &syntaxError{i, "the file is not UTF-8: save it as UTF-8"}
	}
	plain, err := blank(text)
	if err != nil {
		return nil, nil, err
	}
	p := &parser{text: plain, d: json.NewDecoder(bytes.NewReader(plain))}
	p.d.UseNumber()
	root, err := p.value(0)
	if err == nil {
		if _, end := p.d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is something after the end of the object")
		}
	}
	if err != nil {
		return nil, nil, p.failed(err)
	}
	return root, plain, nil
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// parser builds nodes from the tokens of encoding/json.
type parser struct {
	text []byte
	d    *json.Decoder
	at   int // where the last token ended
}

// next returns a token and where it begins: the decoder tells only its end.
func (p *parser) next() (json.Token, int, error) {
	token, err := p.d.Token()
	if err != nil {
		return nil, 0, err
	}
	start := p.at
	for start < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[start]) >= 0 {
		start++
	}
	p.at = int(p.d.InputOffset())
	return token, start, nil
}

func (p *parser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, start, err := p.next()
	if err != nil {
		return nil, err
	}
	n := &node{kind: isOther, start: start}
	switch t := token.(type) {
	case string:
		n.kind, n.text = isString, t
	case json.Delim:
		if t == '{' {
			n.kind, err = isObject, p.object(n, depth)
		} else {
			n.kind, err = isArray, p.array(n, depth)
		}
	}
	n.end = p.at
	return n, err
}

func (p *parser) object(n *node, depth int) error {
	for p.d.More() {
		token, start, err := p.next()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder allows no other kind of name
		value, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{name, start, value})
	}
	_, _, err := p.next()
	return err
}

func (p *parser) array(n *node, depth int) error {
	for p.d.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, _, err := p.next()
	return err
}

// failed says where the text stops being JSON, as far as the decoder tells.
func (p *parser) failed(err error) error {
	at := int(p.d.InputOffset())
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &syntaxError{len(p.text), "the file ends early"}
	case errors.As(err, &syntax):
		at = max(at, int(syntax.Offset)-1)
	}
	return &syntaxError{min(at, len(p.text)), err.Error()}
}

// Plain is a text of JSON with comments and trailing commas as plain JSON, in which every
// byte stands where it stood.
func Plain(text []byte) ([]byte, error) {
	_, plain, err := parseText(text)
	return plain, err
}
