package kql

import (
	"fmt"
	"strconv"
)

// Query is a parsed query.
type Query struct {
	Table string
	steps []step
	// Members are what is asked of dynamic values: line.event, customDimensions.Category.
	Members []string
}

type step struct {
	operator string // where, extend, project, summarize, order, take
	names    []string
	exprs    []expr
	by       []string // summarize: what tells the groups apart
	up       bool     // order: asc
	most     int      // take
}

type parser struct {
	tokens []token
	query  *Query
}

// Parse reads a query.
func Parse(text string) (*Query, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, query: &Query{}}
	if p.query.Table, err = p.word(); err != nil {
		return nil, err
	}
	for len(p.tokens) > 0 {
		if err := p.want("|"); err != nil {
			return nil, err
		}
		s, err := p.step()
		if err != nil {
			return nil, err
		}
		p.query.steps = append(p.query.steps, s)
	}
	return p.query, nil
}

func (p *parser) step() (s step, err error) {
	if s.operator, err = p.word(); err != nil {
		return s, err
	}
	switch s.operator {
	case "where":
		e, err := p.or()
		s.exprs = []expr{e}
		return s, err
	case "extend", "project":
		for {
			if err := p.column(&s); err != nil {
				return s, err
			}
			if !p.take(",") {
				return s, nil
			}
		}
	case "summarize":
		return s, p.summarize(&s)
	case "order":
		return s, p.order(&s)
	case "take":
		s.most, err = p.count()
		return s, err
	default:
		return s, fmt.Errorf("kql: no operator %s is known here", s.operator)
	}
}

// column is NAME = SCALAR, or with project a name alone.
func (p *parser) column(s *step) error {
	name, err := p.word()
	if err != nil {
		return err
	}
	s.names = append(s.names, name)
	if s.operator == "project" && !p.peek("=") {
		s.exprs = append(s.exprs, columnRef(name))
		return nil
	}
	if err := p.want("="); err != nil {
		return err
	}
	e, err := p.scalar()
	s.exprs = append(s.exprs, e)
	return err
}

func (p *parser) or() (expr, error)  { return p.chain("or", p.and) }
func (p *parser) and() (expr, error) { return p.chain("and", p.comparison) }

func (p *parser) chain(word string, part func() (expr, error)) (expr, error) {
	left, err := part()
	for err == nil && p.take(word) {
		var right expr
		right, err = part()
		left = logic{word, left, right}
	}
	return left, err
}

func (p *parser) comparison() (expr, error) {
	if p.take("(") {
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		return e, p.want(")")
	}
	left, err := p.scalar()
	if err != nil {
		return nil, err
	}
	for _, sign := range []string{"==", "!=", ">=", "<=", ">", "<"} {
		if p.take(sign) {
			right, err := p.scalar()
			return compare{sign, left, right}, err
		}
	}
	return nil, fmt.Errorf("kql: a comparison is missing before %v", p.tokens)
}

func (p *parser) scalar() (expr, error) {
	if len(p.tokens) == 0 {
		return nil, fmt.Errorf("kql: the query ends where a value should be")
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	switch t.kind {
	case 's':
		return constant{t.text}, nil
	case 'n':
		f, err := strconv.ParseFloat(t.text, 64)
		return constant{f}, err
	case 'w':
		return p.named(t.text)
	default:
		return nil, fmt.Errorf("kql: %q is no value", t.text)
	}
}

// named is a call, a member or a column.
func (p *parser) named(name string) (expr, error) {
	if p.take("(") {
		if functions[name] == nil {
			return nil, fmt.Errorf("kql: no function %s is known here", name)
		}
		arg, err := p.scalar()
		if err != nil {
			return nil, err
		}
		return call{name, arg}, p.want(")")
	}
	if p.take(".") {
		key, err := p.word()
		p.query.Members = append(p.query.Members, name+"."+key)
		return member{columnRef(name), key}, err
	}
	return columnRef(name), nil
}

func (p *parser) word() (string, error) {
	if len(p.tokens) == 0 || p.tokens[0].kind != 'w' {
		return "", fmt.Errorf("kql: a name is missing before %v", p.tokens)
	}
	text := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return text, nil
}

func (p *parser) peek(text string) bool {
	return len(p.tokens) > 0 && p.tokens[0].kind != 's' && p.tokens[0].text == text
}

func (p *parser) take(text string) bool {
	if !p.peek(text) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) want(text string) error {
	if !p.take(text) {
		return fmt.Errorf("kql: %q is missing before %v", text, p.tokens)
	}
	return nil
}
