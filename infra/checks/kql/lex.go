package kql

import (
	"fmt"
	"regexp"
	"strconv"
)

// token is a word, a number, a string or a sign.
type token struct {
	kind rune // 'w', 'n', 's', or 'p' for signs
	text string
}

var shapes = []struct {
	kind  rune
	shape *regexp.Regexp
}{
	{' ', regexp.MustCompile(`^\s+`)},
	{'w', regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)},
	{'n', regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?`)},
	{'s', regexp.MustCompile(`^"(\\.|[^"\\])*"`)},
	{'p', regexp.MustCompile(`^(==|!=|>=|<=|[|.,()=<>])`)},
}

func lex(text string) ([]token, error) {
	var tokens []token
next:
	for text != "" {
		for _, s := range shapes {
			found := s.shape.FindString(text)
			if found == "" {
				continue
			}
			text = text[len(found):]
			if s.kind == 's' {
				var err error
				if found, err = strconv.Unquote(found); err != nil {
					return nil, err
				}
			}
			if s.kind != ' ' {
				tokens = append(tokens, token{s.kind, found})
			}
			continue next
		}
		return nil, fmt.Errorf("kql: nothing begins with %.20q", text)
	}
	return tokens, nil
}
