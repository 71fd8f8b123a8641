package tsql

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
)

// Database is one database of Azure SQL.
type Database struct {
	Client *http.Client // its redirects are not followed, whatever it says
	Scale  float64      // of WAITFOR

	credentials map[string]string // secrets by name
	procedures  map[string]procedure
}

var separator = regexp.MustCompile(`(?m)^\s*GO\s*$`)

// Run runs a script: batches separated by GO. An error that the script raises
// itself is an [*Error].
func (d *Database) Run(ctx context.Context, script string) error {
	for _, batch := range separator.Split(script, -1) {
		tokens, err := lex(batch)
		if err != nil {
			return err
		}
		r := &reader{tokens: tokens}
		s := (&scope{ctx: ctx, database: d}).child()
		if err := d.batch(r, s); err != nil {
			return err
		}
	}
	return nil
}

func (d *Database) batch(r *reader, s *scope) error {
	switch {
	case r.accept("CREATE", "DATABASE", "SCOPED", "CREDENTIAL"):
		d.credential(r)
	case r.accept("CREATE", "OR", "ALTER", "PROCEDURE"):
		d.procedure(r)
	default:
		run := r.statements()
		if r.finish(); r.err != nil {
			return r.err
		}
		_, err := run(s)
		return err
	}
	r.finish()
	return r.err
}

func (r *reader) finish() {
	for r.accept(";") {
	}
	if len(r.tokens) > 0 {
		r.fail("unexpected %q", r.peek().text)
	}
}

func (d *Database) credential(r *reader) {
	name := r.take('[')
	r.expect("WITH", "IDENTITY", "=")
	if identity := r.take('\''); identity != "HTTPEndpointHeaders" && r.err == nil {
		r.err = fmt.Errorf("tsql: the identity %s is not known here", identity)
	}
	r.expect(",", "SECRET", "=")
	if d.credentials == nil {
		d.credentials = map[string]string{}
	}
	d.credentials[name] = r.take('\'')
}

func (d *Database) procedure(r *reader) {
	name := r.name()
	p := procedure{parameters: r.variables()}
	r.expect("AS")
	p.body = r.statement()
	if d.procedures == nil {
		d.procedures = map[string]procedure{}
	}
	d.procedures[name] = p
}
