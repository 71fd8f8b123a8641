package funchost

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// pass makes the answer of a handler the host's own, as HttpClient reads it and
// Kestrel writes it. What Kestrel refuses to write becomes 500: a value beyond
// ASCII, or a body that the status or the length rules out.
func (a *answer) pass(method string) *reply {
	p := &reply{status: a.status, body: a.body}
	for _, name := range a.header.names() {
		for _, value := range passValues(name, a.header.values(name)) {
			if !isFieldValue(value) {
				return replyStatus(http.StatusInternalServerError)
			}
			p.header = append(p.header, field{name, value})
		}
	}
	if !a.fits(method) {
		return replyStatus(http.StatusInternalServerError)
	}
	return p
}

// fits reports whether the body is one that may follow the header.
func (a *answer) fits(method string) bool {
	if a.status < 100 || len(a.body) > 0 && !mayHaveBody(a.status) {
		return false
	}
	lengths := a.header.values("Content-Length")
	if len(lengths) == 0 {
		return true
	}
	length, ok := digits(strings.Join(lengths, ","))
	whole := int64(len(a.body)) == length || method == http.MethodHead || a.status == http.StatusNotModified
	return ok && whole
}

func isFieldValue(value string) bool {
	for i := range len(value) {
		if value[i] != '\t' && (value[i] < ' ' || value[i] > '~') {
			return false
		}
	}
	return true
}

// passValues returns the values of one header as HttpClient lists them. A value
// that it cannot read stays as it is.
func passValues(name string, values []string) []string {
	name = strings.ToLower(name)
	if name == "cache-control" {
		return mergeCacheControl(values)
	}
	rewrite := rewrites[name]
	if rewrite == nil {
		return values
	}
	var passed []string
	for _, value := range values {
		rewritten, ok := rewrite(value)
		if !ok {
			rewritten = []string{value}
		}
		passed = append(passed, rewritten...)
	}
	return passed
}

// A rewriting reads a value and returns those that it stands for.
type rewriting func(string) ([]string, bool)

// rewrites are the headers that HttpClient parses (source of KnownHeaders).
var rewrites = map[string]rewriting{
	"accept-ranges":       list(tokenRegex),
	"age":                 single(wholeNumber),
	"allow":               list(tokenRegex),
	"connection":          list(tokenRegex),
	"content-disposition": single(normaliseDisposition),
	"content-encoding":    list(tokenRegex),
	"content-language":    list(tokenRegex),
	"content-location":    single(normaliseLocation),
	"content-type":        single(normaliseMediaType),
	"expires":             single(normaliseDate),
	"last-modified":       single(normaliseDate),
	"location":            single(normaliseLocation),
	"pragma":              list(paramRegex),
	"proxy-authenticate":  challenges,
	"retry-after":         single(normaliseRetryAfter),
	"server":              products,
	"trailer":             list(tokenRegex),
	"transfer-encoding":   list(tokenRegex + `(?:` + lws + `;` + lws + paramRegex + `)*`),
	"upgrade":             list(tokenRegex + `(?:/` + tokenRegex + `)?`),
	"vary":                list(tokenRegex),
	"via":                 list(`(?:` + tokenRegex + `/)?` + tokenRegex + `[ \t]+[^ \t,]+(?:[ \t]+\(.*\))?`),
	"warning":             list(`[0-9]{3}[ \t]+[^ \t,]+[ \t]+` + quotedRegex + `(?:[ \t]+` + quotedRegex + `)?`),
	"www-authenticate":    challenges,
}

func single(normalise func(string) (string, bool)) rewriting {
	return func(value string) ([]string, bool) {
		normalised, ok := normalise(value)
		return []string{normalised}, ok
	}
}

// list reads elements that commas separate; empty ones count for nothing.
func list(element string) rewriting {
	whole := regexp.MustCompile(`^` + element + `$`)
	return func(value string) ([]string, bool) {
		var elements []string
		for _, one := range splitList(value) {
			if !whole.MatchString(one) {
				return nil, false
			}
			elements = append(elements, one)
		}
		return elements, true
	}
}

// splitList splits at the commas outside quoted strings.
func splitList(value string) []string {
	quoted, escaped := false, false
	elements := strings.FieldsFunc(value, func(r rune) bool {
		if r == '"' && !escaped {
			quoted = !quoted
		}
		escaped = quoted && r == '\\' && !escaped
		return r == ',' && !quoted
	})
	kept := elements[:0]
	for _, one := range elements {
		if one = strings.Trim(one, " \t"); one != "" {
			kept = append(kept, one)
		}
	}
	return kept
}

var (
	challenge  = regexp.MustCompile(`^` + tokenRegex + `(?:[ \t]+[^ \t].*)?$`)
	challParam = regexp.MustCompile(`^` + tokenRegex + lws + `=[^=]`)
)

// challenges reads a list of schemes, each with parameters that commas separate
// too.
func challenges(value string) ([]string, bool) {
	var found []string
	for _, one := range splitList(value) {
		switch {
		case challParam.MatchString(one) && len(found) > 0:
			found[len(found)-1] += ", " + one
		case challenge.MatchString(one):
			found = append(found, one)
		default:
			return nil, false
		}
	}
	return found, true
}

var productList = regexp.MustCompile(`(?:` + tokenRegex + `(?:/` + tokenRegex + `)?|\((?:[^()]|\([^()]*\))*\))`)

// products reads products and comments that white space separates.
func products(value string) ([]string, bool) {
	found := productList.FindAllString(value, -1)
	rest := strings.TrimSpace(productList.ReplaceAllString(value, ""))
	return found, rest == ""
}

func wholeNumber(value string) (string, bool) {
	if _, ok := digits(value); !ok {
		return "", false
	}
	return strings.TrimLeft(value[:len(value)-1], "0") + value[len(value)-1:], true
}

func normaliseRetryAfter(value string) (string, bool) {
	if number, ok := wholeNumber(value); ok {
		return number, true
	}
	return normaliseDate(value)
}

// dateLayouts are those of .NET's HttpDateParser that servers send (source).
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:4:5 GMT", "Mon, 2 Jan 2006 15:4:5 UTC", "Mon, 2 Jan 2006 15:4:5", "2 Jan 2006 15:4:5 GMT", "2 Jan 2006 15:4:5",
	"Monday, 2-Jan-06 15:4:5 GMT", "Monday, 2-Jan-06 15:4:5", "Mon Jan _2 15:4:5 2006",
	"Mon, 2 Jan 2006 15:4:5 -0700", "2 Jan 2006 15:4:5 -0700",
}

func normaliseDate(value string) (string, bool) {
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, value); err == nil {
			return at.UTC().Format(http.TimeFormat), true
		}
	}
	return "", false
}

// cacheDirectives is the order in which .NET writes Cache-Control.
var cacheDirectives = []string{
	"no-store", "no-transform", "only-if-cached", "public", "must-revalidate", "proxy-revalidate",
	"no-cache", "max-age", "s-maxage", "max-stale", "min-fresh", "private",
}

// mergeCacheControl makes one value of all, and keeps those that are invalid.
func mergeCacheControl(values []string) []string {
	var invalid, extensions []string
	known := make(map[string]string)
	for _, value := range values {
		directives, ok := list(paramRegex)(value)
		if !ok {
			invalid = append(invalid, value)
			continue
		}
		for _, one := range directives {
			name, _, _ := strings.Cut(one, "=")
			if name = strings.ToLower(strings.TrimSpace(name)); isOneOf(name, cacheDirectives...) {
				known[name] = name + one[len(name):]
				continue
			}
			extensions = append(extensions, one)
		}
	}
	var merged []string
	for _, name := range cacheDirectives {
		if directive := known[name]; directive != "" {
			merged = append(merged, directive)
		}
	}
	if merged = append(merged, extensions...); len(merged) > 0 {
		return append([]string{strings.Join(merged, ", ")}, invalid...)
	}
	return invalid
}
