package tsql

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Error is what THROW raises.
type Error struct {
	Number  int
	Message string
}

func (e *Error) Error() string { return e.Message }

// scope holds the variables of a batch or a procedure.
type scope struct {
	ctx      context.Context //nolint:containedctx // as long as one batch
	database *Database
	kinds    map[string]string
	values   map[string]any
	caught   string
}

func (s *scope) child() *scope {
	return &scope{ctx: s.ctx, database: s.database, kinds: map[string]string{}, values: map[string]any{}}
}

func (s *scope) get(name string) (any, error) {
	if _, declared := s.kinds[name]; !declared {
		return nil, fmt.Errorf("must declare the scalar variable %s", name)
	}
	return s.values[name], nil
}

func (s *scope) declare(v variable, value expression) error {
	if _, declared := s.kinds[v.name]; declared {
		return fmt.Errorf("the variable %s has already been declared", v.name)
	}
	s.kinds[v.name] = v.kind
	if value == nil {
		return nil
	}
	return s.assign(v.name, value)
}

var guid = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// identifier is a uniqueidentifier.
type identifier string

func toID(v any) (any, error) {
	if !guid.MatchString(text(v)) {
		return nil, errors.New("conversion failed when converting from a character string to uniqueidentifier")
	}
	return identifier(strings.ToUpper(text(v))), nil
}

// assign converts a value to the variable's type.
func (s *scope) assign(name string, value expression) error {
	if _, err := s.get(name); err != nil {
		return err
	}
	v, err := value(s)
	if err != nil {
		return err
	}
	switch kind := s.kinds[name]; {
	case v == nil:
	case kind == "INT":
		n, err := number(constant(v), s)
		if err != nil {
			return err
		}
		v = *n
	case kind == "UNIQUEIDENTIFIER":
		if v, err = toID(v); err != nil {
			return err
		}
	case kind == "NVARCHAR" || kind == "CHAR":
		v = text(v)
	default:
		return fmt.Errorf("the type %s is not known here", kind)
	}
	s.values[name] = v
	return nil
}

// pause is WAITFOR DELAY 'hh:mm:ss', scaled.
func (s *scope) pause(delay string) error {
	at, err := time.Parse(time.TimeOnly, delay)
	if err != nil {
		return fmt.Errorf("incorrect time syntax in time string %q used with WAITFOR", delay)
	}
	d := at.Sub(at.Truncate(24 * time.Hour))
	select {
	case <-s.ctx.Done():
		return s.ctx.Err()
	case <-time.After(time.Duration(float64(d) * s.database.Scale)):
		return nil
	}
}

func (s *scope) newID() identifier {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return identifier(fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
