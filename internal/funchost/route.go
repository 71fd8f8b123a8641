package funchost

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// A template is an ASP.NET route template. Only whether it matches counts: the
// host passes no route parameters to a custom handler.
type template []part

type part struct {
	literal    string // "" for a parameter
	constraint []func(string) bool
	optional   bool
	catchAll   bool
}

var parameter = regexp.MustCompile(`^\{(\*{0,2})([A-Za-z_][A-Za-z0-9_]*)((?::[^:?{}]+)*)(\?)?\}$`)

var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$|^[0-9A-Fa-f]{32}$`)

var alpha = regexp.MustCompile(`^[A-Za-z]*$`)

// constraints is a choice of ASP.NET's inline constraints.
var constraints = map[string]func(string) bool{
	"guid":  guid.MatchString,
	"alpha": alpha.MatchString,
	"int":   func(s string) bool { _, err := strconv.ParseInt(s, 10, 32); return err == nil },
	"long":  func(s string) bool { _, err := strconv.ParseInt(s, 10, 64); return err == nil },
	"bool":  func(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") },
}

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
	for _, word := range reserved {
		if strings.EqualFold(t[0].literal, word) {
			return nil, fmt.Errorf("%q is reserved by the host", word)
		}
	}
	return t, nil
}

func parsePart(segment string) (part, string, error) {
	if !strings.ContainsAny(segment, "{}?*") {
		return part{literal: segment}, "", nil
	}
	m := parameter.FindStringSubmatch(segment)
	if m == nil {
		return part{}, "", fmt.Errorf("segment %q is not supported: a literal, {name}, {name:constraint}, {name?} or {*name}", segment)
	}
	p := part{catchAll: m[1] != "", optional: m[4] != ""}
	for name := range strings.SplitSeq(strings.TrimPrefix(m[3], ":"), ":") {
		if name == "" {
			continue
		}
		constraint, err := parseConstraint(name)
		if err != nil {
			return part{}, "", err
		}
		p.constraint = append(p.constraint, constraint)
	}
	return p, m[2], nil
}

var regexConstraint = regexp.MustCompile(`^(?i:regex)\((.*)\)$`)

// parseConstraint reads one inline constraint. A regex ignores case, and its final $
// also matches before a final newline (ran on host 4.1037).
func parseConstraint(text string) (func(string) bool, error) {
	if m := regexConstraint.FindStringSubmatch(text); m != nil {
		pattern, err := regexp.Compile("(?i)" + m[1])
		if err != nil {
			return nil, err
		}
		return func(s string) bool { return pattern.MatchString(strings.TrimSuffix(s, "\n")) }, nil
	}
	if constraint := constraints[strings.ToLower(text)]; constraint != nil {
		return constraint, nil
	}
	return nil, fmt.Errorf("constraint %q is not supported: guid, int, long, bool, alpha and regex(...) are", text)
}

// pathSegments splits an escaped path; a slash at its end does not count.
func pathSegments(escaped string) ([]string, error) {
	escaped = strings.TrimSuffix(strings.TrimPrefix(escaped, "/"), "/")
	if escaped == "" {
		return nil, nil
	}
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		var err error
		if segments[i], err = url.PathUnescape(segment); err != nil {
			return nil, err
		}
	}
	return segments, nil
}

func (t template) match(segments []string) bool {
	for i, p := range t {
		if p.catchAll {
			return p.allows(strings.Join(segments[min(i, len(segments)):], "/"))
		}
		if i >= len(segments) {
			return p.optional
		}
		if p.literal != "" && !strings.EqualFold(p.literal, segments[i]) {
			return false
		}
		if p.literal == "" && (segments[i] == "" || !p.allows(segments[i])) {
			return false
		}
	}
	return len(segments) <= len(t)
}

func (p part) allows(value string) bool {
	for _, constraint := range p.constraint {
		if !constraint(value) {
			return false
		}
	}
	return true
}
