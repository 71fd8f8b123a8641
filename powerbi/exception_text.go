package powerbi

import (
	"encoding/json"
	"regexp"
	"strings"
)

// tags mark names of organisations and contents of customers (seen: <oii>, <ccon>); what
// they enclose is part of the sentence.
var tags = regexp.MustCompile(`(?i)</?(oii|ccon|pii|eui)>`)

// empty matches lines without meaning: the rest of a wrapper without its JSON, a bare id,
// a number or an address.
var emptyWords = regexp.MustCompile(`(?i)^(["'.,:;()\[\]{}\\\s-]*|"?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"?|-?(0x)?[0-9a-f]*[0-9][0-9a-f]*|https?://\S+)$`)

// unwrap removes from a line what is not part of its sentence.
func unwrap(line string) string {
	line = strings.TrimSpace(tags.ReplaceAllString(line, ""))
	if emptyWords.MatchString(line) {
		return ""
	}
	return line
}

// consequence matches lines that only report an earlier failure.
func consequence(line string) bool {
	l := strings.ToLower(line)
	return strings.Contains(l, "because another operation in the transaction failed") ||
		strings.Contains(l, "the exception was raised by the idbcommand interface") && !strings.Contains(l, "error:")
}

// bareWrapper matches lines that introduce what failed inside them.
var bareWrapper = regexp.MustCompile(`(?i)^(data source error|processing error|datasource processing error|pipeline exception|error)?[\s:.;-]*$`)

// wrapper texts have covered permanent faults, so they are ignored if there is any other
// text (seen: microsoft/coe-starter-kit#2784 and #5294).
func wrapper(line string) bool {
	l := strings.ToLower(line)
	return strings.Contains(l, "usually a transient issue") || strings.Contains(l, "because of an internal service error") ||
		strings.Contains(l, "see this message again, contact support") || bareWrapper.MatchString(line)
}

// unescape undoes one encoding as a JSON string.
var unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`)

// mend reads an object that was encoded as a string once more, or whose end is missing.
func mend(s string) (v any, found bool) {
	if strings.HasPrefix(strings.TrimLeft(s[1:], " \r\n\t"), `\"`) {
		s = unescape.Replace(s)
		if json.NewDecoder(strings.NewReader(s)).Decode(&v) == nil {
			return v, true
		}
	}
	return repair(s)
}

// repair closes what is open at the end of a text of JSON that was cut off. The part
// after the last complete member is dropped if it cannot be closed.
func repair(s string) (v any, found bool) {
	for range 4 {
		ends, last, whole := scan(s)
		if !whole {
			return nil, false
		}
		if json.Unmarshal([]byte(strings.TrimRight(s, `\`)+ends), &v) == nil {
			return v, true
		}
		if last <= 0 {
			return nil, false
		}
		s = s[:last]
	}
	return nil, false
}

// scan returns what would close the text, where its last member begins, and whether it
// is JSON that was cut off, rather than no JSON.
func scan(s string) (ends string, last int, open bool) {
	var stack []byte
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			stack = append(stack, '}')
		case c == '[':
			stack = append(stack, ']')
		case c == ',':
			last = i
		case (c == '}' || c == ']') && len(stack) > 0 && stack[len(stack)-1] == c:
			stack = stack[:len(stack)-1]
		}
		if len(stack) == 0 || len(stack) > maxDepth*4 {
			return "", 0, false
		}
	}
	var b strings.Builder
	if quoted {
		b.WriteByte('"')
	}
	for i := len(stack) - 1; i >= 0; i-- {
		b.WriteByte(stack[i])
	}
	return b.String(), last, true
}
