package funchost

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A template is an ASP.NET route template. Only whether it matches counts: the
// host passes no route parameters to a custom handler.
type template []part

type part struct {
	literal     string // "" for a parameter
	constraints []constraint
	optional    bool
	catchAll    bool
}

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved are first segments that the host keeps for itself.
var reserved = []string{"admin", "runtime"}

func parseTemplate(text string) (template, error) {
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") || strings.Contains(text, "//") {
		return nil, errors.New("must not begin with / or ~, nor hold //")
	}
	if text == "" {
		return nil, errors.New("is empty")
	}
	var t template
	seen := make(map[string]bool)
	segments := strings.Split(strings.TrimSuffix(text, "/"), "/")
	for i, segment := range segments {
		p, name, err := parsePart(segment)
		if err != nil {
			return nil, err
		}
		if name != "" && seen[strings.ToLower(name)] {
			return nil, fmt.Errorf("parameter %q is there twice", name)
		}
		if (p.optional || p.catchAll) && i < len(segments)-1 {
			return nil, fmt.Errorf("%s must be the last segment", segment)
		}
		seen[strings.ToLower(name)] = true
		t = append(t, p)
	}
	return t, nil
}

// checkReserved reads a route without its prefix.
func checkReserved(route string) error {
	first, _, _ := strings.Cut(route, "/")
	if slices.ContainsFunc(reserved, func(word string) bool { return strings.EqualFold(first, word) }) {
		return fmt.Errorf("%q is reserved by the host", first)
	}
	return nil
}

// parsePart reads one segment: a literal or one parameter. {{ and }} stand for
// braces inside a parameter.
func parsePart(segment string) (part, string, error) {
	if !strings.ContainsAny(segment, "{}?*") {
		return part{literal: segment}, "", nil
	}
	unsupported := fmt.Errorf("segment %q is not supported: a literal, {name}, {name:constraint}, {name?} or {*name}", segment)
	if len(segment) < 3 || segment[0] != '{' || segment[len(segment)-1] != '}' {
		return part{}, "", unsupported
	}
	inner := segment[1 : len(segment)-1]
	if strings.ContainsAny(strings.NewReplacer("{{", "", "}}", "").Replace(inner), "{}") {
		return part{}, "", unsupported
	}
	inner = strings.NewReplacer("{{", "{", "}}", "}").Replace(inner)
	name := strings.TrimLeft(inner, "*")
	p := part{catchAll: len(name) < len(inner)}
	name, p.optional = strings.CutSuffix(name, "?")
	name, rest, constrained := strings.Cut(name, ":")
	if !parameterName.MatchString(name) {
		return part{}, "", unsupported
	}
	for _, text := range splitConstraints(rest) {
		if !constrained {
			break
		}
		c, err := parseConstraint(text)
		if err != nil {
			return part{}, "", err
		}
		p.constraints = append(p.constraints, c)
	}
	return p, name, nil
}

// splitConstraints splits at the colons outside parentheses.
func splitConstraints(text string) []string {
	depth := 0
	fields := strings.FieldsFunc(text, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == ':' && depth == 0
	})
	return fields
}

// pathSegments splits a decoded path; a slash at its end does not count.
func pathSegments(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// match follows RoutePatternMatcher of ASP.NET (source): an empty segment before
// a catch-all never matches, and literals match without regard to case.
func (t template) match(path string) bool {
	segments := pathSegments(path)
	for i, p := range t {
		if i >= len(segments) {
			return p.optional || p.catchAll && len(p.constraints) == 0
		}
		if segments[i] == "" {
			return false
		}
		if p.catchAll {
			return p.allows(catchAllValue(path, i))
		}
		if p.literal != "" && !strings.EqualFold(p.literal, segments[i]) || !p.allows(segments[i]) {
			return false
		}
	}
	return len(segments) <= len(t)
}

// catchAllValue is the rest of a path from segment n, with a slash at its end.
func catchAllValue(path string, n int) string {
	return strings.SplitN(strings.TrimPrefix(path, "/"), "/", n+1)[n]
}

func (p part) allows(value string) bool {
	for _, c := range p.constraints {
		if !c(value) {
			return false
		}
	}
	return true
}
