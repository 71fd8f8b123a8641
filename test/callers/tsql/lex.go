package tsql

import (
	"fmt"
	"regexp"
	"strings"
)

// token is a word in capitals, @name, [name], 'text', number, or punctuation.
type token struct {
	kind rune // 'w', '@', '[', '\'', '0', or punctuation 'p'
	text string
	line int
}

// Words of the language are not case-sensitive; names of ours are written as they
// are declared.
var lexemes = regexp.MustCompile(`(?s)^(?:(\s+|--[^\n]*|/\*.*?\*/)|N?'((?:[^']|'')*)'|\[([^\]]+)\]|(@[A-Za-z_]+)|([A-Za-z_][A-Za-z_0-9]*)|([0-9]+)|(<>|>=|<=|[=<>(),;.+*-]))`)

func lex(text string) ([]token, error) {
	var tokens []token
	line := 1
	for text != "" {
		m := lexemes.FindStringSubmatchIndex(text)
		if m == nil {
			return nil, fmt.Errorf("tsql: line %d: cannot read %.20q", line, text)
		}
		for group, kind := range map[int]rune{2: '\'', 3: '[', 4: '@', 5: 'w', 6: '0', 7: 'p'} {
			if m[2*group] < 0 {
				continue
			}
			t := token{kind, text[m[2*group]:m[2*group+1]], line}
			switch kind {
			case 'w':
				t.text = strings.ToUpper(t.text)
			case '\'':
				t.text = strings.ReplaceAll(t.text, "''", "'")
			}
			tokens = append(tokens, t)
		}
		line += strings.Count(text[:m[1]], "\n")
		text = text[m[1]:]
	}
	return tokens, nil
}

// reader reads tokens. The first error stays; after it, reads give nothing.
type reader struct {
	tokens []token
	err    error
}

func (r *reader) peek() token {
	if r.err != nil || len(r.tokens) == 0 {
		return token{}
	}
	return r.tokens[0]
}

func (r *reader) next() token {
	t := r.peek()
	if len(r.tokens) > 0 {
		r.tokens = r.tokens[1:]
	}
	return t
}

// accept reads words or punctuation if they come next.
func (r *reader) accept(texts ...string) bool {
	if r.err != nil || len(r.tokens) < len(texts) {
		return false
	}
	for i, text := range texts {
		if t := r.tokens[i]; t.text != text || t.kind != 'w' && t.kind != 'p' {
			return false
		}
	}
	r.tokens = r.tokens[len(texts):]
	return true
}

func (r *reader) expect(texts ...string) {
	if r.err == nil && !r.accept(texts...) {
		r.fail("%s is missing", strings.Join(texts, " "))
	}
}

// take reads a token of a kind.
func (r *reader) take(kind rune) string {
	t := r.next()
	if r.err == nil && t.kind != kind {
		r.fail("%q is not what belongs here", t.text)
	}
	return t.text
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("tsql: line %d: %s", r.peek().line, fmt.Sprintf(format, args...))
	}
}
