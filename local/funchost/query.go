package funchost

import (
	"fmt"
	"strings"
)

// A query is a dictionary as ASP.NET makes it of a query string: names do not
// differ by case, and are kept in the order and spelling of their first value.
type query []queryValue

type queryValue struct {
	name   string
	values []string
}

func parseQuery(raw string) query {
	var q query
	for pair := range strings.SplitSeq(strings.TrimPrefix(raw, "?"), "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		q.add(unescapeData(name), unescapeData(value))
	}
	return q
}

func (q *query) add(name, value string) {
	for i := range *q {
		if strings.EqualFold((*q)[i].name, name) {
			(*q)[i].values = append((*q)[i].values, value)
			return
		}
	}
	*q = append(*q, queryValue{name, []string{value}})
}

// first returns the first value of a name, or "".
func (q query) first(name string) string {
	for _, v := range q {
		if strings.EqualFold(v.name, name) {
			return v.values[0]
		}
	}
	return ""
}

// String writes one pair a name, its values joined by commas.
func (q query) String() string {
	pairs := make([]string, len(q))
	for i, v := range q {
		pairs[i] = escapeData(v.name) + "=" + escapeData(strings.Join(v.values, ","))
	}
	return strings.Join(pairs, "&")
}

// unescapeData is Uri.UnescapeDataString after the plus signs.
func unescapeData(text string) string {
	return unescape(strings.ReplaceAll(text, "+", " "), func(byte) bool { return true })
}

// rawInQuery are the characters that neither UrlEncoder of ASP.NET nor System.Uri
// escapes in a query: some of them arrive raw that were sent escaped.
const rawInQuery = unreserved + "!$()*,;@"

func escapeData(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(rawInQuery, text[i]) >= 0 {
			b.WriteByte(text[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02X", text[i])
	}
	return b.String()
}
