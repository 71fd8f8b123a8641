package tsql

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// expression gives a value: a string, an int, or nil for NULL.
type expression func(*scope) (any, error)

// condition gives true, false, or unknown.
type condition func(*scope) (value, known bool, err error)

// expression reads terms joined by + and -.
func (r *reader) expression() expression {
	left := r.term()
	for {
		sign := 1
		switch {
		case r.accept("+"):
		case r.accept("-"):
			sign = -1
		default:
			return left
		}
		left = sum(left, r.term(), sign)
	}
}

func sum(a, b expression, sign int) expression {
	return func(s *scope) (any, error) {
		x, err := number(a, s)
		if err != nil || x == nil {
			return nil, err
		}
		y, err := number(b, s)
		if err != nil || y == nil {
			return nil, err
		}
		return *x + sign**y, nil
	}
}

func (r *reader) term() expression {
	t := r.next()
	switch {
	case t.kind == '\'':
		return constant(t.text)
	case t.kind == '0':
		n, err := strconv.Atoi(t.text)
		if err != nil {
			r.fail("%v", err)
		}
		return constant(n)
	case t.kind == '@':
		return func(s *scope) (any, error) { return s.get(t.text) }
	case t.kind == '[': // a name, as @credential takes it
		return constant(t.text)
	case t.text == "NULL":
		return constant(nil)
	case t.kind == 'w' && r.accept("("):
		return r.call(t)
	}
	r.fail("%q is no expression", t.text)
	return constant(nil)
}

func constant(v any) expression { return func(*scope) (any, error) { return v, nil } }

func (r *reader) call(name token) expression {
	var args []expression
	for !r.accept(")") && r.err == nil {
		if len(args) > 0 {
			r.expect(",")
		}
		args = append(args, r.expression())
	}
	fn, known := functions()[name.text]
	if !known {
		r.fail("there is no function %s here", name.text)
	}
	return func(s *scope) (any, error) {
		values := make([]any, len(args))
		for i, arg := range args {
			var err error
			if values[i], err = arg(s); err != nil {
				return nil, err
			}
		}
		return fn(s, values)
	}
}

func functions() map[string]func(*scope, []any) (any, error) {
	return map[string]func(*scope, []any) (any, error){
		"CONCAT": func(_ *scope, v []any) (any, error) {
			var b strings.Builder
			for _, part := range v {
				b.WriteString(text(part))
			}
			return b.String(), nil
		},
		"COALESCE": func(_ *scope, v []any) (any, error) { return coalesce(v) },
		"ISNULL": func(_ *scope, v []any) (any, error) {
			if v[0] != nil {
				return v[0], nil
			}
			return text(v[1]), nil // of the first one's type, which is a text here
		},
		"LEFT": func(_ *scope, v []any) (any, error) {
			if v[0] == nil {
				return nil, nil
			}
			n, _ := v[1].(int)
			runes := []rune(text(v[0]))
			return string(runes[:min(n, len(runes))]), nil
		},
		"NEWID":         func(s *scope, _ []any) (any, error) { return s.newID(), nil },
		"ERROR_MESSAGE": func(s *scope, _ []any) (any, error) { return s.caught, nil },
		"JSON_VALUE":    func(_ *scope, v []any) (any, error) { return jsonValue(text(v[0]), text(v[1])) },
	}
}

// coalesce gives the first value, converted to the type that comes first in order
// among all: a uniqueidentifier makes all others one.
func coalesce(values []any) (any, error) {
	var first any
	isID := false
	for _, v := range values {
		if _, id := v.(identifier); id {
			isID = true
		}
		if first == nil {
			first = v
		}
	}
	if isID {
		return toID(first)
	}
	return first, nil
}

// jsonValue is the scalar at a lax path: NULL if there is none, or if it has more
// than 4000 characters (documented: JSON_VALUE). A text that is no JSON is an error.
func jsonValue(document, path string) (any, error) {
	var value any
	if err := json.Unmarshal([]byte(document), &value); err != nil {
		return nil, fmt.Errorf("JSON text is not properly formatted: %w", err)
	}
	for _, name := range strings.Split(strings.TrimPrefix(path, "$."), ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	switch v := value.(type) {
	case string:
		if len([]rune(v)) <= 4000 {
			return v, nil
		}
	case float64, bool:
		return fmt.Sprint(v), nil
	}
	return nil, nil
}

// condition reads comparisons joined by OR. (AND, NOT and brackets are not used.)
func (r *reader) condition() condition {
	left := r.comparison()
	for r.accept("OR") {
		a, b := left, r.comparison()
		left = func(s *scope) (bool, bool, error) {
			x, knownX, err := a(s)
			if err != nil || x {
				return x, true, err
			}
			y, knownY, err := b(s)
			return y, y || knownX && knownY, err
		}
	}
	return left
}

func (r *reader) comparison() condition {
	a := r.expression()
	if r.accept("IS", "NULL") {
		return func(s *scope) (bool, bool, error) {
			v, err := a(s)
			return v == nil, true, err
		}
	}
	operator := r.take('p')
	b := r.expression()
	return func(s *scope) (bool, bool, error) {
		x, err := number(a, s)
		if err != nil || x == nil {
			return false, false, err
		}
		y, err := number(b, s)
		if err != nil || y == nil {
			return false, false, err
		}
		return map[string]bool{"=": *x == *y, "<>": *x != *y, ">": *x > *y, ">=": *x >= *y, "<": *x < *y, "<=": *x <= *y}[operator], true, nil
	}
}

// number is a value as a number, or nil for NULL.
func number(e expression, s *scope) (*int, error) {
	v, err := e(s)
	if err != nil || v == nil {
		return nil, err
	}
	if n, ok := v.(int); ok {
		return &n, nil
	}
	n, err := strconv.Atoi(text(v))
	if err != nil {
		return nil, fmt.Errorf("conversion failed when converting the value %q to int", v)
	}
	return &n, nil
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
