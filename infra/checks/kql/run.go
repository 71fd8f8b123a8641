package kql

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
)

// Row is a row of a table: strings, float64s, nil, and dynamic values as encoding/json
// makes them, in a dynamic.
type Row map[string]any

// dynamic is a value whose type only the row knows.
type dynamic struct{ value any }

// Dynamic makes a column dynamic, as customDimensions is.
func Dynamic(v any) any { return dynamic{v} }

// Run returns what is left of the rows.
func (q *Query) Run(rows []Row) ([]Row, error) {
	for _, s := range q.steps {
		if s.wholeTable() {
			var err error
			if rows, err = s.applyAll(rows); err != nil {
				return nil, err
			}
			continue
		}
		var kept []Row
		for _, row := range rows {
			next, err := s.apply(row)
			if err != nil {
				return nil, err
			}
			if next != nil {
				kept = append(kept, next)
			}
		}
		rows = kept
	}
	return rows, nil
}

func (s step) apply(row Row) (Row, error) {
	if s.operator == "where" {
		v, err := s.exprs[0].value(row)
		if keep, _ := v.(bool); err != nil || !keep {
			return nil, err
		}
		return row, nil
	}
	next := Row{}
	if s.operator == "extend" {
		for k, v := range row {
			next[k] = v
		}
	}
	for i, name := range s.names {
		v, err := s.exprs[i].value(row)
		if err != nil {
			return nil, err
		}
		next[name] = v
	}
	return next, nil
}

type expr interface{ value(Row) (any, error) }

type (
	constant  struct{ v any }
	columnRef string
	member    struct {
		of  expr
		key string
	}
	call struct {
		name string
		arg  expr
	}
	compare struct {
		sign        string
		left, right expr
	}
	logic struct {
		word        string
		left, right expr
	}
)

func (c constant) value(Row) (any, error) { return c.v, nil }

func (c columnRef) value(row Row) (any, error) {
	v, ok := row[string(c)]
	if !ok {
		return nil, fmt.Errorf("kql: there is no column %s", string(c))
	}
	return v, nil
}

func (m member) value(row Row) (any, error) {
	of, err := m.of.value(row)
	if err != nil {
		return nil, err
	}
	d, ok := of.(dynamic)
	if !ok {
		return nil, fmt.Errorf("kql: .%s of what is not dynamic", m.key)
	}
	object, _ := d.value.(map[string]any)
	return dynamic{object[m.key]}, nil
}

var functions = map[string]func(any) (any, error){
	"parse_json": func(v any) (any, error) {
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("kql: parse_json of %T", v)
		}
		var parsed any
		if json.Unmarshal([]byte(text), &parsed) != nil {
			return dynamic{text}, nil // documented: what is no JSON becomes a string
		}
		return dynamic{parsed}, nil
	},
	"tostring": func(v any) (any, error) {
		switch v := plain(v).(type) {
		case nil:
			return "", nil
		case string:
			return v, nil
		default:
			b, err := json.Marshal(v)
			return string(b), err
		}
	},
	"toint": func(v any) (any, error) {
		switch v := plain(v).(type) {
		case float64:
			return float64(int64(v)), nil
		case string:
			if n, err := strconv.ParseInt(v, 10, 32); err == nil {
				return float64(n), nil
			}
		}
		return nil, nil
	},
}

func plain(v any) any {
	if d, ok := v.(dynamic); ok {
		return d.value
	}
	return v
}

func (c call) value(row Row) (any, error) {
	v, err := c.arg.value(row)
	if err != nil {
		return nil, err
	}
	return functions[c.name](v)
}

func (c compare) value(row Row) (any, error) {
	left, err := c.left.value(row)
	if err != nil {
		return nil, err
	}
	right, err := c.right.value(row)
	if err != nil {
		return nil, err
	}
	if d, isDynamic := left.(dynamic); isDynamic {
		// Kusto compares a dynamic string with a string, and nothing else.
		if left = d.value; left != nil && fmt.Sprintf("%T", left) != "string" {
			return nil, fmt.Errorf("kql: a dynamic value must be converted before it is compared")
		}
	}
	return ordered(c.sign, left, right)
}

func ordered(sign string, left, right any) (any, error) {
	if left == nil || right == nil {
		return sign == "!=" && left != right, nil
	}
	order, err := compared(left, right)
	if err != nil {
		return nil, err
	}
	return map[string]bool{"==": order == 0, "!=": order != 0, ">=": order >= 0, "<=": order <= 0, ">": order > 0, "<": order < 0}[sign], nil
}

// compared is below, at or above zero. A null is below everything.
func compared(left, right any) (int, error) {
	if left == nil || right == nil {
		return cmp.Compare(fmt.Sprint(left != nil), fmt.Sprint(right != nil)), nil
	}
	switch l := left.(type) {
	case string:
		if r, ok := right.(string); ok {
			return cmp.Compare(l, r), nil
		}
		return 0, fmt.Errorf("kql: a string is compared with %T", right)
	case float64:
		if r, ok := right.(float64); ok {
			return cmp.Compare(l, r), nil
		}
		return 0, fmt.Errorf("kql: a number is compared with %T", right)
	default:
		return 0, fmt.Errorf("kql: %T cannot be compared", left)
	}
}

func (l logic) value(row Row) (any, error) {
	left, err := l.left.value(row)
	if err != nil {
		return nil, err
	}
	right, err := l.right.value(row)
	if err != nil {
		return nil, err
	}
	a, _ := left.(bool)
	b, _ := right.(bool)
	if l.word == "and" {
		return a && b, nil
	}
	return a || b, nil
}
