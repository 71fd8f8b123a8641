package expr

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Func is one function of the language. Values are those of encoding/json.
type Func func(args ...any) (any, error)

// Scope holds the functions that depend on the run, such as activity and
// parameters, by their names in lower case.
type Scope map[string]Func

// Eval evaluates a value of a document: expressions in texts, including those
// inside objects and arrays.
func Eval(value any, s Scope) (any, error) {
	switch v := value.(type) {
	case string:
		return Text(v, s)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			var err error
			if out[i], err = Eval(item, s); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			var err error
			if out[name], err = Eval(item, s); err != nil {
				return nil, err
			}
		}
		return out, nil
	default:
		return value, nil
	}
}

// Text evaluates one text.
func Text(text string, s Scope) (any, error) {
	switch {
	case strings.HasPrefix(text, "@@"):
		return text[1:], nil
	case strings.HasPrefix(text, "@") && !strings.HasPrefix(text, "@{"):
		n, err := parse(text[1:])
		if err != nil {
			return nil, err
		}
		return n.eval(s)
	default:
		return interpolate(text, s)
	}
}

// interpolate replaces each @{expression} by its value.
func interpolate(text string, s Scope) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "@{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		p := &parser{text: rest}
		n, err := p.expression()
		if err == nil {
			err = p.expect("}")
		}
		if err != nil {
			return "", fmt.Errorf("text %q: %w", text, err)
		}
		value, err := n.eval(s)
		if err != nil {
			return "", err
		}
		b.WriteString(String(value))
		text = rest[p.pos:]
	}
}

// String returns a value as text: null is empty, and other values are JSON.
func String(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(b)
	}
}

func (l literal) eval(Scope) (any, error) { return l.value, nil }

func (c call) eval(s Scope) (any, error) {
	args := make([]any, len(c.args))
	for i, arg := range c.args {
		var err error
		if args[i], err = arg.eval(s); err != nil {
			return nil, err
		}
	}
	fn, ok := s[c.name]
	if !ok {
		fn, ok = builtin()[c.name]
	}
	if !ok {
		return nil, fmt.Errorf("there is no function %s here", c.name)
	}
	value, err := fn(args...)
	if err != nil {
		return nil, fmt.Errorf("%s(): %w", c.name, err)
	}
	return value, nil
}

func (m member) eval(s Scope) (any, error) {
	of, err := m.of.eval(s)
	if err != nil {
		return nil, err
	}
	name, err := m.name.eval(s)
	if err != nil {
		return nil, err
	}
	object, isObject := of.(map[string]any)
	if value, ok := object[String(name)]; ok {
		return value, nil
	}
	if m.safe && (isObject || of == nil) { // a question mark allows nothing else
		return nil, nil
	}
	return nil, fmt.Errorf("property %q does not exist", name)
}
