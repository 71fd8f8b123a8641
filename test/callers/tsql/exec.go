package tsql

import (
	"errors"
	"fmt"
)

// argument is @name = value [OUTPUT] of a call.
type argument struct {
	name, output string // output: the variable that is assigned to
	value        expression
}

func (r *reader) exec() statement {
	procedure := r.name()
	var args []argument
	for r.peek().kind == '@' {
		a := argument{name: r.take('@')}
		r.expect("=")
		if first := r.peek(); first.kind == '@' {
			a.output = first.text
		}
		a.value = r.expression()
		if !r.accept("OUTPUT") {
			a.output = ""
		}
		if args = append(args, a); !r.accept(",") {
			break
		}
	}
	if procedure == "SYS.SP_INVOKE_EXTERNAL_REST_ENDPOINT" {
		return endpoint(args)
	}
	return func(s *scope) (bool, error) { return false, s.database.call(s, procedure, args) }
}

// endpoint calls the built-in procedure.
func endpoint(args []argument) statement {
	return func(s *scope) (bool, error) {
		values, output := map[string]any{}, ""
		for _, a := range args {
			v, err := a.value(s)
			if err != nil {
				return false, err
			}
			if values[a.name] = v; a.output != "" {
				output = a.output
			}
		}
		response, err := s.database.invoke(s.ctx, values)
		if err != nil {
			return false, err
		}
		return false, s.assign(output, constant(response))
	}
}

// procedure is a stored one.
type procedure struct {
	parameters []variable
	body       statement
}

// call runs a stored procedure in a scope of its own.
func (d *Database) call(caller *scope, name string, args []argument) error {
	p, known := d.procedures[name]
	if !known {
		return fmt.Errorf("could not find stored procedure %s", name)
	}
	s := caller.child()
	given := map[string]expression{}
	for _, a := range args {
		v, err := a.value(caller)
		if err != nil {
			return err
		}
		given[a.name] = constant(v)
	}
	for _, v := range p.parameters {
		value, has := given[v.name]
		if delete(given, v.name); !has {
			value = v.value
		}
		if value == nil {
			return fmt.Errorf("procedure %s expects parameter %s", name, v.name)
		}
		if err := s.declare(v, value); err != nil {
			return err
		}
	}
	if len(given) > 0 {
		return errors.New("the procedure has too many arguments specified")
	}
	_, err := p.body(s)
	return err
}
