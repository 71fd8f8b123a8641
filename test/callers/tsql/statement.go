package tsql

import (
	"strings"
)

// statement runs, and says whether the batch or procedure ends with it.
type statement func(*scope) (done bool, err error)

// statements reads up to END or the end of the text.
func (r *reader) statements() statement {
	var all []statement
	for r.err == nil && len(r.tokens) > 0 && r.peek().text != "END" {
		if !r.accept(";") {
			all = append(all, r.statement())
		}
	}
	return func(s *scope) (bool, error) {
		for _, one := range all {
			if done, err := one(s); done || err != nil {
				return done, err
			}
		}
		return false, nil
	}
}

func (r *reader) statement() statement {
	switch {
	case r.accept("SET", "NOCOUNT", "ON"):
		return func(*scope) (bool, error) { return false, nil }
	case r.accept("SET"):
		return r.set()
	case r.accept("DECLARE"):
		return r.declare()
	case r.accept("IF"):
		return r.choice()
	case r.accept("WHILE"):
		return r.loop()
	case r.accept("BEGIN", "TRY"):
		return r.try()
	case r.accept("BEGIN"):
		body := r.statements()
		r.expect("END")
		return body
	case r.accept("EXEC"):
		return r.exec()
	case r.accept("WAITFOR", "DELAY"):
		return r.wait()
	case r.accept("THROW"):
		return r.throw()
	case r.accept("RETURN"):
		r.expression()
		return func(*scope) (bool, error) { return true, nil }
	}
	r.fail("%q begins no statement that is known here", r.peek().text)
	return nil
}

func (r *reader) set() statement {
	name := r.take('@')
	r.expect("=")
	value := r.expression()
	return func(s *scope) (bool, error) { return false, s.assign(name, value) }
}

// variable reads @name type [= value].
func (r *reader) variable() variable {
	v := variable{name: r.take('@'), kind: r.take('w')}
	if r.accept("(") {
		r.next()
		r.expect(")")
	}
	if r.accept("=") {
		v.value = r.expression()
	}
	return v
}

type variable struct {
	name, kind string
	value      expression // nil: none
}

func (r *reader) variables() []variable {
	all := []variable{r.variable()}
	for r.accept(",") {
		all = append(all, r.variable())
	}
	return all
}

func (r *reader) declare() statement {
	all := r.variables()
	return func(s *scope) (bool, error) {
		for _, v := range all {
			if err := s.declare(v, v.value); err != nil {
				return false, err
			}
		}
		return false, nil
	}
}

func (r *reader) choice() statement {
	holds := r.condition()
	then := r.statement()
	otherwise := statement(func(*scope) (bool, error) { return false, nil })
	if ahead := *r; !ahead.accept(";", "ELSE") {
		if r.accept("ELSE") {
			otherwise = r.statement()
		}
	} else {
		r.expect(";", "ELSE")
		otherwise = r.statement()
	}
	return func(s *scope) (bool, error) {
		yes, _, err := holds(s)
		if err != nil {
			return false, err
		}
		if yes {
			return then(s)
		}
		return otherwise(s)
	}
}

func (r *reader) loop() statement {
	holds, body := r.condition(), r.statement()
	return func(s *scope) (bool, error) {
		for {
			yes, _, err := holds(s)
			if err != nil || !yes {
				return false, err
			}
			if done, err := body(s); done || err != nil {
				return done, err
			}
		}
	}
}

func (r *reader) try() statement {
	body := r.statements()
	r.expect("END", "TRY")
	r.expect("BEGIN", "CATCH")
	rescue := r.statements()
	r.expect("END", "CATCH")
	return func(s *scope) (bool, error) {
		done, err := body(s)
		if err == nil || s.ctx.Err() != nil {
			return done, err
		}
		s.caught = err.Error()
		return rescue(s)
	}
}

func (r *reader) wait() statement {
	delay := r.expression()
	return func(s *scope) (bool, error) {
		v, err := delay(s)
		if err != nil {
			return false, err
		}
		return false, s.pause(text(v))
	}
}

func (r *reader) throw() statement {
	code := r.expression()
	r.expect(",")
	message := r.expression()
	r.expect(",")
	r.expression()
	return func(s *scope) (bool, error) {
		n, err := number(code, s)
		if err != nil {
			return false, err
		}
		m, err := message(s)
		if err != nil {
			return false, err
		}
		return false, &Error{Number: *n, Message: text(m)}
	}
}

// name reads a name of one or two parts, in capitals.
func (r *reader) name() string {
	name := r.take('w')
	if r.accept(".") {
		name += "." + r.take('w')
	}
	return strings.ToUpper(name)
}
