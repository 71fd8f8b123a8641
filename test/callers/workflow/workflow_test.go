package workflow

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// service answers requests in order and keeps them. An answer is "code body", or
// "code|Header: value|... body", or "!" for a lost connection; the last repeats.
type service struct {
	answers []string
	seen    []string
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	line := r.Method + " " + r.URL.String()
	for _, name := range []string{"Authorization", "Idempotency-Key", "Content-Type", "Accept-Language", "Cookie", "Content-Length"} {
		if v := r.Header.Get(name); v != "" {
			line += " " + name + ":" + v
		}
	}
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		line += " " + string(b)
	}
	s.seen = append(s.seen, strings.TrimSpace(line))
	head, body, _ := strings.Cut(s.answers[0], "\n")
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if head == "!" {
		return nil, errors.New("connection lost")
	}
	parts := strings.Split(head, "|")
	resp := &http.Response{Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Status: parts[0]}
	if _, err := fmt.Sscan(parts[0], &resp.StatusCode); err != nil {
		return nil, err
	}
	for _, h := range parts[1:] {
		name, value, _ := strings.Cut(h, ": ")
		resp.Header.Set(name, value)
	}
	return resp, nil
}

func document(actions string) string {
	return `{"definition":{"$schema":"s","contentVersion":"1.0.0.0","parameters":{"p":{"type":"String","defaultValue":"d"}},
		"triggers":{"T":{"type":"Recurrence","recurrence":{"frequency":"Day"}}},"actions":{` + actions + `},"outputs":{}},"parameters":{}}`
}

func play(t *testing.T, change func(*Runner), actions string, answers ...string) (Result, []string) {
	t.Helper()
	s := &service{answers: answers}
	r := &Runner{Client: &http.Client{Transport: s}, Token: func(a string) string { return "t-" + a }, Scale: 1, Patience: time.Hour, KeepsAuthentication: true}
	if change != nil {
		change(r)
	}
	d, err := Parse([]byte(document(actions)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Run(t.Context(), d, "run-1", map[string]Parameter{"q": {Value: "v"}})
	if err != nil {
		t.Fatal(err)
	}
	return got, s.seen
}

const (
	call   = `"A":{"type":"Http","inputs":{"method":"POST","uri":"@concat('https://app/', parameters('q'))","headers":{"Idempotency-Key":"@workflow()['run']['name']","Cookie":"c","Accept-Language":"en","Content-Type":"application/json","Content-Length":"9"},"body":{"a":"@parameters('p')"},"authentication":{"type":"ManagedServiceIdentity","audience":"x"}}}`
	first  = `POST https://app/v Authorization:Bearer t-x Idempotency-Key:run-1 Content-Type:application/json {"a":"d"}`
	caught = `,"C":{"type":"Terminate","inputs":{"runStatus":"Failed","runError":{"code":"E","message":"@coalesce(body('A')?['error']?['message'], 'no answer')"}},"runAfter":{"A":["Failed","TimedOut"]}}`
)

func TestHTTPFollowsLocation(t *testing.T) {
	t.Parallel()
	for keeps, auth := range map[bool]string{true: " Authorization:Bearer t-x", false: ""} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			got, seen := play(t, func(r *Runner) { r.KeepsAuthentication = keeps }, call,
				"202|Location: https://app/s/1|Retry-After: 5", "202|Location: https://app/s/2", "200\n{\"status\":\"Succeeded\"}")
			want := []string{first, "GET https://app/s/1" + auth, "GET https://app/s/2" + auth}
			if got.Status != Succeeded || !slices.Equal(seen, want) {
				t.Errorf("got %+v and requests %q, want %s and %q", got, seen, Succeeded, want)
			}
			if took := time.Since(began); took != 25*time.Second {
				t.Errorf("got the end after %v, want 25s: Retry-After, then the default", took)
			}
		})
	}
}

func TestHTTPFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		answers  []string
		requests int
		want     string
	}{
		{[]string{"409\n{\"error\":{\"message\":\"why\"}}"}, 1, "why"}, // not tried again
		{[]string{"503", "429", "408", "!", "409\n{\"error\":{\"message\":\"why\"}}"}, 5, "why"},
		{[]string{"500"}, 5, "no answer"},
		{[]string{"!"}, 5, "no answer"},
		{[]string{"202"}, 1, "no answer"},
		{[]string{"202|Location: /s/1"}, 1, "no answer"},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, seen := play(t, nil, call+caught, tt.answers...)
			if tt.want == "no answer" && strings.HasPrefix(tt.answers[0], "500") {
				tt.want = "does not exist" // body is text: the expression fails, and so does the run
			}
			if got.Status != Failed || !strings.Contains(got.Message, tt.want) || len(seen) != tt.requests {
				t.Errorf("%v: got %+v after %d requests, want %s with %q after %d", tt.answers, got, len(seen), Failed, tt.want, tt.requests)
			}
		})
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	const hook = `"A":{"type":"HttpWebhook","inputs":{"subscribe":{"method":"POST","uri":"https://app/x","body":{"callbackUrl":"@listCallbackUrl()"}},"unsubscribe":UNSUB}},
		"B":{"type":"If","expression":{"and":[{"equals":["@body('A')?['StatusCode']","200"]}]},"actions":{},"else":{"actions":{"D":{"type":"Terminate","inputs":{"runStatus":"Failed","runError":{"code":"E","message":"@string(body('A'))"}}}}},"runAfter":{"A":["Succeeded"]}}`
	const subscribed = `POST https://app/x {"callbackUrl":"https://la.example/cb?sig=s"}`
	for _, tt := range []struct {
		unsubscribe, answer, post, status string
		seen                              []string
	}{
		{"{}", "200\n{}", `{"StatusCode":"200"}`, Succeeded, []string{subscribed}},
		{"{}", "200\n{}", `{"StatusCode":"409"}`, Failed, []string{subscribed}},
		{"{}", "200\n{}", "text", Failed, []string{subscribed}},
		{`{"method":"DELETE","uri":"https://app/u"}`, "200\n{}", `{"StatusCode":"200"}`, Succeeded, []string{subscribed, "DELETE https://app/u"}},
		{"{}", "200\n{}", "", TimedOut, []string{subscribed}},
		{"{}", "400\n{}", `{"StatusCode":"200"}`, Failed, []string{subscribed}},
		{"{}", "202|Location: https://app/s", `{"StatusCode":"200"}`, Failed, []string{subscribed}},
	} {
		synctest.Test(t, func(t *testing.T) {
			posts := make(chan []byte, 1)
			if tt.post != "" {
				posts <- []byte(tt.post)
			}
			got, seen := play(t, func(r *Runner) {
				r.Callback = func() (string, <-chan []byte) { return "https://la.example/cb?sig=s", posts }
			}, strings.Replace(hook, "UNSUB", tt.unsubscribe, 1), tt.answer)
			if got.Status != tt.status || !slices.Equal(seen, tt.seen) {
				t.Errorf("%s, %q: got %+v and requests %q, want %s and %q", tt.answer, tt.post, got, seen, tt.status, tt.seen)
			}
		})
	}
}

func TestEndOfARun(t *testing.T) {
	t.Parallel()
	get := func(name, after, statuses string) string {
		return `"` + name + `":{"type":"Http","inputs":{"method":"GET","uri":"https://app/"},"runAfter":{"` + after + `":[` + statuses + `]}}`
	}
	start := `"A":{"type":"Http","inputs":{"method":"GET","uri":"https://app/"},"runAfter":{}}`
	for _, tt := range []struct{ actions, answer, status string }{
		{start + "," + get("B", "A", `"Succeeded"`), "404", Failed},
		{start + "," + get("B", "A", `"Failed"`), "404", Succeeded},
		{start + "," + get("B", "A", `"Failed"`) + "," + get("C", "A", `"Succeeded"`), "200", Succeeded},
		{start + caught, "404\n{}", Failed},
	} {
		if got, _ := play(t, nil, tt.actions, tt.answer, "200"); got.Status != tt.status {
			t.Errorf("%s: got %+v, want %s", tt.actions, got, tt.status)
		}
	}
}

// Unknown actions and members are errors, never skipped.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":          "{}",
		"unknown member":   strings.Replace(document(call), `"headers"`, `"header"`, 1),
		"unknown property": strings.Replace(document(call), `"inputs"`, `"input"`, 1),
		"unknown status":   document(call + strings.Replace(caught, `"TimedOut"`, `"Timeout"`, 1)),
		"after nothing":    document(strings.TrimPrefix(caught, ",")),
		"unknown type":     document(`"A":{"type":"Compose","inputs":{}}`),
		"in a circle":      document(`"A":{"type":"Http","inputs":{},"runAfter":{"A":["Succeeded"]}}`),
		"condition":        document(`"A":{"type":"If","expression":{"or":[]},"actions":{}}`),
		"terminate":        document(`"A":{"type":"Terminate","inputs":{"status":"Failed"}}`),
		"webhook":          document(`"A":{"type":"HttpWebhook","inputs":{"subscription":{}}}`),
	} {
		d, err := Parse([]byte(text))
		if err == nil {
			s := &service{answers: []string{"200"}}
			_, err = (&Runner{Client: &http.Client{Transport: s}}).Run(t.Context(), d, "1", nil)
		}
		if err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

// An expression that fails makes its action fail.
func TestExpressionsThatFail(t *testing.T) {
	t.Parallel()
	for _, action := range []string{
		`"A":{"type":"Http","inputs":{"method":"GET","uri":"@listCallbackUrl()"}}`,
		`"A":{"type":"Http","inputs":{"method":"GET","uri":"https://app","body":"@parameters('none')"}}`,
		`"A":{"type":"Http","inputs":{"method":"GET","uri":"https://app","headers":{"X":"@body('B')"}}}`,
		`"A":{"type":"If","expression":{"and":[{"equals":["@x()",1]}]},"actions":{}}`,
		`"A":{"type":"Terminate","inputs":{"runStatus":"Failed","runError":{"code":"@x()"}}}`,
	} {
		if got, seen := play(t, nil, action, "200"); got.Status != Failed || got.Message == "" || len(seen) > 0 {
			t.Errorf("%s: got %+v and requests %q, want %s with a reason and none", action, got, seen, Failed)
		}
	}
}
