package funchost

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// A constraint decides whether a route parameter may have a value.
type constraint func(value string) bool

// parseConstraint reads an inline constraint of ASP.NET: NAME or NAME(ARGUMENTS).
func parseConstraint(text string) (constraint, error) {
	name, arguments, called := strings.Cut(text, "(")
	if called {
		if !strings.HasSuffix(arguments, ")") {
			return nil, fmt.Errorf("constraint %q lacks its final parenthesis", text)
		}
		arguments = strings.TrimSuffix(arguments, ")")
	}
	name = strings.ToLower(name)
	switch simple := simpleConstraints[name]; {
	case simple != nil && !called:
		return simple, nil
	case name == "regex" && called:
		return regexConstraint(arguments)
	case called:
		return numericConstraint(name, arguments)
	}
	return nil, fmt.Errorf("constraint %q is not supported: see the source of constraint.go for those that are", text)
}

var simpleConstraints = map[string]constraint{
	"alpha":    mustRegex(`^[a-z]*$`).MatchString,
	"bool":     func(s string) bool { s = strings.ToLower(trimNumber(s)); return s == "true" || s == "false" },
	"decimal":  realNumber.MatchString,
	"double":   realNumber.MatchString,
	"float":    realNumber.MatchString,
	"guid":     func(s string) bool { return anyGUID.MatchString(strings.TrimSpace(s)) },
	"int":      func(s string) bool { n, ok := integer(s); return ok && n >= math.MinInt32 && n <= math.MaxInt32 },
	"long":     func(s string) bool { _, ok := integer(s); return ok },
	"required": func(s string) bool { return s != "" },
	"file":     isFileName,
	"nonfile":  func(s string) bool { return !isFileName(s) },
}

const dashedGUID = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`

// anyGUID has the forms D, N, B and P of Guid.TryParse.
var anyGUID = regexp.MustCompile(`(?i)^(?:` + dashedGUID + `|[0-9a-f]{32}|\{` + dashedGUID + `\}|\(` + dashedGUID + `\))$`)

var realNumber = regexp.MustCompile(`^[ \t-\r]*[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t-\r]*$`)

// integer reads what NumberStyles.Integer admits: a sign, and white space around.
func integer(text string) (int64, bool) {
	n, err := strconv.ParseInt(trimNumber(text), 10, 64)
	return n, err == nil
}

func trimNumber(text string) string {
	return strings.TrimRight(strings.Trim(text, " \t\n\v\f\r"), "\x00")
}

func isFileName(path string) bool {
	last := path[strings.LastIndexByte(path, '/')+1:]
	dot := strings.LastIndexByte(last, '.')
	return dot >= 0 && dot < len(last)-1
}

// numericConstraint reads the constraints on lengths (in UTF-16) and values.
func numericConstraint(name, arguments string) (constraint, error) {
	var limits []int64
	for argument := range strings.SplitSeq(arguments, ",") {
		n, ok := integer(argument)
		if !ok {
			return nil, fmt.Errorf("constraint %s has the argument %q, must be a whole number", name, argument)
		}
		limits = append(limits, n)
	}
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	switch {
	case name == "min" && len(limits) == 1, name == "minlength" && len(limits) == 1:
		low = limits[0]
	case name == "max" && len(limits) == 1, name == "maxlength" && len(limits) == 1:
		high = limits[0]
	case name == "range" && len(limits) == 2, name == "length" && len(limits) <= 2:
		low, high = limits[0], limits[len(limits)-1]
	default:
		return nil, fmt.Errorf("constraint %s(%s) is not supported", name, arguments)
	}
	measure := integer
	if strings.HasSuffix(name, "length") {
		measure = func(s string) (int64, bool) { return int64(len(utf16.Encode([]rune(s)))), true }
	}
	return func(s string) bool { n, ok := measure(s); return ok && n >= low && n <= high }, nil
}

func regexConstraint(pattern string) (constraint, error) {
	compiled, err := regexp.Compile(dotnetRegex(pattern))
	if err != nil || pattern == "" {
		return nil, fmt.Errorf("constraint regex(%s) is not supported: %w", pattern, errors.Join(err))
	}
	// Go folds "s" with U+017F, .NET does not; a letter without a fold replaces it.
	return func(s string) bool { return compiled.MatchString(strings.ReplaceAll(s, "\u017f", "\u0167")) }, nil
}

func mustRegex(pattern string) *regexp.Regexp { return regexp.MustCompile(dotnetRegex(pattern)) }

// dotnetRegex turns a pattern of .NET into Go's. A route's pattern ignores case,
// its $ also matches before a final newline (seen on a host 4.1037), and \d and
// \w are those of Unicode.
func dotnetRegex(pattern string) string {
	var b strings.Builder
	b.WriteString("(?i)")
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(dotnetEscape(pattern[i], class))
		case c == '$' && !class:
			b.WriteString(`(?:\n?\z)`)
		default:
			class = c == '[' || class && c != ']'
			b.WriteByte(c)
		}
	}
	return b.String()
}

func dotnetEscape(c byte, class bool) string {
	const word = `\p{L}\p{Mn}\p{Nd}\p{Pc}`
	switch {
	case c == 'd':
		return `\p{Nd}`
	case c == 'w' && class:
		return word
	case c == 'w':
		return "[" + word + "]"
	case c == 'Z':
		return `(?:\n?\z)`
	default:
		return `\` + string(c)
	}
}
