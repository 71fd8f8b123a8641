package expr

import (
	"fmt"
	"strconv"
	"strings"
)

// node is a part of an expression that can be evaluated.
type node interface {
	eval(s Scope) (any, error)
}

type (
	literal struct{ value any }
	call    struct {
		name string
		args []node
	}
	member struct {
		of   node
		name node
		safe bool // after a question mark: null instead of an error
	}
)

// parser reads one expression from text, from pos on.
type parser struct {
	text string
	pos  int
}

// parse parses a whole text as one expression.
func parse(text string) (node, error) {
	p := &parser{text: text}
	n, err := p.expression()
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", text, err)
	}
	if p.space(); p.pos < len(p.text) {
		return nil, fmt.Errorf("expression %q: unexpected %q", text, p.text[p.pos:])
	}
	return n, nil
}

func (p *parser) expression() (node, error) {
	n, err := p.primary()
	for err == nil {
		safe := p.accept("?")
		switch {
		case p.accept("."):
			n = member{of: n, name: literal{p.word()}, safe: safe}
		case p.accept("["):
			var index node
			if index, err = p.expression(); err == nil {
				n = member{of: n, name: index, safe: safe}
				err = p.expect("]")
			}
		case safe:
			return nil, fmt.Errorf("nothing follows ? at %d", p.pos)
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *parser) primary() (node, error) {
	p.space()
	switch c := p.peek(); {
	case c == '\'':
		return p.quoted()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	word := p.word()
	switch word {
	case "":
		return nil, fmt.Errorf("nothing to evaluate at %d", p.pos)
	case "true", "false":
		return literal{word == "true"}, nil
	case "null":
		return literal{nil}, nil
	}
	args, err := p.arguments()
	return call{name: strings.ToLower(word), args: args}, err
}

func (p *parser) arguments() ([]node, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var args []node
	for !p.accept(")") {
		if len(args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		arg, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, nil
}

// quoted reads 'text', in which two quotes are one.
func (p *parser) quoted() (node, error) {
	var b strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		if p.text[p.pos] != '\'' {
			b.WriteByte(p.text[p.pos])
			continue
		}
		if p.pos++; p.peek() != '\'' {
			return literal{b.String()}, nil
		}
		b.WriteByte('\'')
	}
	return nil, fmt.Errorf("a text does not end")
}

func (p *parser) number() (node, error) {
	start := p.pos
	for p.pos++; p.pos < len(p.text) && strings.IndexByte("0123456789.", p.text[p.pos]) >= 0; p.pos++ {
	}
	n, err := strconv.ParseFloat(p.text[start:p.pos], 64)
	return literal{n}, err
}

func (p *parser) word() string {
	p.space()
	start := p.pos
	for p.pos < len(p.text) && isWord(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) accept(token string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.pos:], token) {
		return false
	}
	p.pos += len(token)
	return true
}

func (p *parser) expect(token string) error {
	if !p.accept(token) {
		return fmt.Errorf("%q is missing at %d", token, p.pos)
	}
	return nil
}
