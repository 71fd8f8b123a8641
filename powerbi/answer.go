package powerbi

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pbirefresh/internal/foreign"
)

// maxMessage bounds foreign text in errors, in characters.
const maxMessage = 500

// answer is the content of an error answer, in whichever of the six shapes it came.
type answer struct {
	status     int
	code       string
	message    string
	requestID  string
	retryAfter time.Duration
	between    string // who answered in Power BI's place, if anything did
	challenged bool   // the token is invalid, by the WWW-Authenticate header
}

// readAnswer parses an answer. The shapes (documented and seen):
//
//  1. {"error":{"code":"X","message":"..."}}
//  2. {"error":{"code":"X","pbi.error":{"code":"X","parameters":{},"details":[]}}}
//  3. shape 2 with details [{"code":"DetailsMessage","detail":{"type":1,"value":"..."}}]
//  4. {"Message":"API is not accessible for application"}
//  5. {"message":"You have exceeded ... Retry in 3392 seconds."}
//  6. no body, the code in X-PowerBI-Error-Info (microsoft/powerbi-powershell)
func readAnswer(status int, h http.Header, body []byte) answer {
	a := answer{status: status, requestID: foreign.Masked(firstOf(h, "RequestId", "x-ms-request-id"), 64), between: between(status, h, body)}
	var v any
	if json.Unmarshal(body, &v) == nil {
		a.code, a.message = readBody(v)
	} else if isPage(h, body) {
		a.message = pageWords(status, h, body)
	} else {
		a.message = string(body) // a gateway's plain words
	}
	if a.code == "" {
		a.code = h.Get("X-PowerBI-Error-Info")
	}
	if strings.ContainsAny(strings.TrimSpace(a.code), " \t\r\n") { // words, where a code should be
		a.code, a.message = "", strings.TrimSpace(a.code+" "+a.message)
	}
	if a.message == "" {
		a.message = h.Get("X-PowerBI-Error-Details")
	}
	if a.between != "" {
		a.message = a.between
	}
	a.retryAfter = retryAfter(h, a.message, time.Now())
	a.code, a.message = foreign.Masked(a.code, 80), foreign.Masked(a.message, maxMessage)
	return a
}

func firstOf(h http.Header, names ...string) string {
	for _, n := range names {
		if v := h.Get(n); v != "" {
			return v
		}
	}
	return ""
}

func readBody(v any) (code, message string) {
	inner := member(v, "error")
	if s, ok := inner.(string); ok { // OAuth's shape, should a gateway answer
		return s, words(v, "error_description")
	}
	if inner == nil {
		inner = v
	}
	pbi := member(inner, "pbi.error")
	code = words(inner, "code")
	if code == "" {
		code = words(pbi, "code")
	}
	if code == "" {
		code = words(inner, "errorCode") // Fabric's spelling
	}
	if message = words(inner, "message"); message == "" {
		message = detailsText(pbi)
	}
	return code, message
}

// detailsText joins the messages among the details: the reason of shape 3. The other
// details are numbers and names for Power BI's support.
func detailsText(pbi any) string {
	details, _ := member(pbi, "details").([]any)
	var out []string
	for _, d := range details {
		if value := words(member(d, "detail"), "value"); value != "" && forPeople(words(d, "code")) {
			out = append(out, value)
		}
	}
	return strings.Join(out, "; ")
}

// member returns the member of an object in any case: shapes 4 and 5 differ in it.
func member(v any, name string) any {
	object, _ := v.(map[string]any)
	if m, ok := object[name]; ok {
		return m
	}
	for k, m := range object {
		if strings.EqualFold(k, name) {
			return m
		}
	}
	return nil
}

func words(v any, name string) string {
	s, _ := member(v, name).(string)
	return s
}

// retryIn finds the wait in the text of a 429, seen without the header.
var retryIn = regexp.MustCompile(`(?i)retry in (\d{1,6}) seconds`)

// maxRetryAfter bounds a wait that makes no sense. The longest seen is about an
// hour (RuiRomano/pbimonitor#58).
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the Retry-After header (seconds or a date), else the message.
func retryAfter(h http.Header, message string, now time.Time) time.Duration {
	var d time.Duration
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		d = time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		if date := serverDate(h); !date.IsZero() {
			now = date // the same clock as the header's
		}
		d = at.Sub(now)
	} else if m := retryIn.FindStringSubmatch(message); m != nil {
		seconds, _ := strconv.Atoi(m[1]) // at most six digits
		d = time.Duration(seconds) * time.Second
	}
	return min(max(d, 0), maxRetryAfter)
}
