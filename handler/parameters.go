package handler

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pbirefresh/internal/guid"
)

// parameters reads the query of a list. The zero value of a parameter means that it is not
// given.
type parameters struct {
	values   url.Values
	known    []string
	problems problems
}

func newParameters(values url.Values) *parameters { return &parameters{values: values} }

// text returns a parameter without the space around it.
func (p *parameters) text(name string) string { return strings.TrimSpace(p.exact(name)) }

// exact returns a parameter as it is. It may be given once.
func (p *parameters) exact(name string) string {
	p.known = append(p.known, name)
	values := p.values[name]
	if len(values) > 1 {
		p.report(name, "is given %d times: give it once", len(values))
	}
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (p *parameters) report(name, format string, args ...any) {
	p.problems.add("InvalidValue", name, "The parameter "+name+" "+fmt.Sprintf(format, args...)+".")
}

func (p *parameters) guid(name string) string {
	s := strings.ToLower(p.text(name))
	if s != "" && !guid.Valid(s) {
		p.report(name, "must be a GUID such as f089354e-8366-4e18-aea3-4cb4a3a50b48, not %.60q", s)
	}
	return s
}

func (p *parameters) word(name string, words ...string) string {
	s := p.text(name)
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return w
		}
	}
	if s != "" {
		p.report(name, "must be one of %s, not %.60q", strings.Join(words, ", "), s)
	}
	return ""
}

func (p *parameters) integer(name string, otherwise, low, high int) int {
	s := p.text(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high || s != strconv.Itoa(n) {
		p.report(name, "must be a whole number from %d to %d, not %.60q", low, high, s)
		return otherwise
	}
	return n
}

// instant reads a time; a date is the start of that day in UTC.
func (p *parameters) instant(name string) time.Time {
	s := p.text(name)
	if s == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		for _, text := range []string{s, strings.Replace(s, "-02-29", "-03-01", 1)} { // no pattern can say which years are leap years
			if t, err := time.Parse(layout, text); err == nil {
				return within(t.UTC())
			}
		}
	}
	p.report(name, "must be a time such as 2026-05-31T06:00:00Z or a date such as 2026-05-31, not %.60q", s)
	return time.Time{}
}

// within moves a time into the years in which there can be operations.
func within(t time.Time) time.Time {
	switch {
	case t.Year() < 2000:
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > 9000:
		return time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

// done reports the parameters that nothing has read. The host reads the function key from
// code, and its name from clientId.
func (p *parameters) done() error {
	for name := range p.values {
		if !slices.Contains(p.known, name) && !strings.EqualFold(name, "code") && !strings.EqualFold(name, "clientId") {
			p.problems.add("UnknownParameter", name, fmt.Sprintf("There is no parameter %.60q. There are %s.", name, strings.Join(p.known, ", ")))
		}
	}
	if len(p.problems.list) > 0 {
		slices.SortFunc(p.problems.list, func(a, b Detail) int { return strings.Compare(a.Target, b.Target) })
		return badRequest(p.problems.list)
	}
	return nil
}

// next returns the query of the next page: what was read, with another token. The function
// key is not part of it.
func (p *parameters) next(token string) string {
	q := url.Values{}
	for _, name := range p.known {
		if v := p.values.Get(name); v != "" {
			q.Set(name, v)
		}
	}
	q.Set(tokenParameter, token)
	return q.Encode()
}

// Parameters of every list.
const (
	tokenParameter = "continuationToken"
	sizeParameter  = "maxresults"
	defaultSize    = 50
	maxSize        = 1000
)
