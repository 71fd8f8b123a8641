package kql

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// aggregate is count(), min(COLUMN) or max(COLUMN).
type aggregate struct {
	name string
	of   columnRef
}

// value is for rows; an aggregate is of many.
func (a aggregate) value(Row) (any, error) { return nil, fmt.Errorf("kql: %s of one row", a.name) }

func (p *parser) summarize(s *step) error {
	for {
		name, err := p.word()
		if err != nil {
			return err
		}
		if err := p.want("="); err != nil {
			return err
		}
		a, err := p.aggregate()
		if err != nil {
			return err
		}
		s.names, s.exprs = append(s.names, name), append(s.exprs, a)
		if !p.take(",") {
			break
		}
	}
	for more := p.take("by"); more; more = p.take(",") {
		name, err := p.word()
		if err != nil {
			return err
		}
		s.by = append(s.by, name)
	}
	return nil
}

func (p *parser) aggregate() (a aggregate, err error) {
	if a.name, err = p.word(); err != nil {
		return a, err
	}
	if !slices.Contains([]string{"count", "min", "max"}, a.name) {
		return a, fmt.Errorf("kql: no aggregate %s is known here", a.name)
	}
	if err := p.want("("); err != nil {
		return a, err
	}
	if a.name != "count" {
		column, err := p.word()
		if err != nil {
			return a, err
		}
		a.of = columnRef(column)
	}
	return a, p.want(")")
}

// order by NAME desc. The default of Kusto is desc; here it must be said.
func (p *parser) order(s *step) error {
	if err := p.want("by"); err != nil {
		return err
	}
	name, err := p.word()
	if err != nil {
		return err
	}
	s.names = []string{name}
	if s.up = p.take("asc"); s.up {
		return nil
	}
	return p.want("desc")
}

func (p *parser) count() (int, error) {
	if len(p.tokens) == 0 || p.tokens[0].kind != 'n' {
		return 0, fmt.Errorf("kql: a number is missing before %v", p.tokens)
	}
	text := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return strconv.Atoi(text)
}

func (s step) wholeTable() bool {
	return slices.Contains([]string{"summarize", "order", "take"}, s.operator)
}

func (s step) applyAll(rows []Row) ([]Row, error) {
	switch s.operator {
	case "summarize":
		return s.grouped(rows)
	case "order":
		return s.ordered(rows)
	default:
		return rows[:min(len(rows), s.most)], nil
	}
}

// grouped makes one row of each group: of no rows none, and without by always one.
func (s step) grouped(rows []Row) ([]Row, error) {
	if len(s.by) == 0 {
		row, err := s.summary(rows)
		return []Row{row}, err
	}
	groups, keys := map[string][]Row{}, []string{}
	for _, row := range rows {
		var parts []any
		for _, name := range s.by {
			v, err := columnRef(name).value(row)
			if err != nil {
				return nil, err
			}
			if _, is := v.(dynamic); is {
				return nil, fmt.Errorf("kql: summarize by %s, which is dynamic", name)
			}
			parts = append(parts, v)
		}
		key := fmt.Sprintf("%#v", parts)
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], row)
	}
	var out []Row
	for _, key := range keys {
		row, err := s.summary(groups[key])
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

func (s step) summary(group []Row) (Row, error) {
	row := Row{}
	for _, name := range s.by {
		row[name] = group[0][name]
	}
	for i, name := range s.names {
		v, err := s.exprs[i].(aggregate).over(group)
		if err != nil {
			return nil, err
		}
		row[name] = v
	}
	return row, nil
}

// over leaves nulls out, as Kusto does.
func (a aggregate) over(group []Row) (any, error) {
	if a.name == "count" {
		return float64(len(group)), nil
	}
	var best any
	for _, row := range group {
		v, err := a.of.value(row)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		better := best == nil
		if !better {
			order, err := compared(v, best)
			if err != nil {
				return nil, err
			}
			better = order > 0 == (a.name == "max")
		}
		if better {
			best = v
		}
	}
	return best, nil
}

func (s step) ordered(rows []Row) ([]Row, error) {
	var problem error
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b Row) int {
		left, err1 := columnRef(s.names[0]).value(a)
		right, err2 := columnRef(s.names[0]).value(b)
		order, err3 := compared(left, right)
		problem = cmp.Or(problem, err1, err2, err3)
		if s.up {
			return order
		}
		return -order
	})
	return sorted, problem
}
