package handler

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pbirefresh/powerbi"
	"pbirefresh/refresh"
)

// timerPayload is what a host 4.1037 sent to a timer function (ran); byHand what it sends
// for POST /admin/functions/NAME.
const (
	timerPayload = `{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},` +
		`"Metadata":{"sys":{"MethodName":"RefreshSweep","UtcNow":"2026-11-30T10:00:00.012Z","RandGuid":"7f3b2c1e-0000-0000-0000-000000000000"}}}`
	agent = "Azure-Functions-Host/4.1037.0.0"
)

var byHand = strings.Replace(timerPayload, `"Metadata":{`, `"Metadata":{"timer":"",`, 1)

// tick sends a timer's request as the host does; headers are set besides, and "-" removes.
func (b *bench) tick(target, body string, headers ...string) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Host = "127.0.0.1:7071"
	for _, h := range append([]string{"User-Agent: " + agent, "Content-Type: application/json; charset=utf-8", "X-Azure-Functions-HostVersion: 4.1037.0.0"}, headers...) {
		name, value, _ := strings.Cut(h, ": ")
		if r.Header.Set(name, value); value == "-" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	b.routes.ServeHTTP(w, r)
	a := answer{t: b.t, code: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	a.common()
	return a
}

func timerBench(t *testing.T) *bench {
	t.Helper()
	b := newScheduleBench(t, &fakeSchedules{})
	b.fake.sweep = func() (refresh.Report, error) { return refresh.Report{Complete: true}, nil }
	return b
}

func TestTimersOfAnyHostAreServed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body    string
		headers []string
	}{
		"as seen":                {timerPayload, nil},
		"started by hand":        {byHand, nil},
		"another version":        {timerPayload, []string{"User-Agent: Azure-Functions-Host/5.0.1-preview.2+ab_c"}},
		"a schedule's status":    {strings.Replace(timerPayload, `null`, `{"Last":"2026-01-01T00:00:00+00:00"}`, 1), nil},
		"members of a newer one": {strings.Replace(timerPayload, `{"Data":{"timer":{`, `{"New":1,"Data":{"timer":{"New":[],`, 1), nil},
		"headers of a newer one": {timerPayload, []string{"Traceparent: 00-1-2-00", "X-Azure-Functions-New: 1", "Baggage: a=b", "Accept: */*"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := timerBench(t)
			b.tick("/RefreshSweep", tc.body, tc.headers...).is(http.StatusOK)
			b.tick("/RefreshSchedule", tc.body, tc.headers...).is(http.StatusOK)
			if strings.Contains(b.log.String(), "timer.refused") || b.fake.count("sweep") != 1 {
				t.Errorf("got %d sweeps and the log %s, want 1 sweep and no refusal", b.fake.count("sweep"), b.log)
			}
		})
	}
}

// What reaches a timer's path and is no timer's request moves nothing, and an alert
// can see it.
func TestTimerRoutesRefuseCallers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, query, body, header, reason string }{
		{"a caller's User-Agent", "", timerPayload, "User-Agent: curl/8 " + agent, "User-Agent"},
		{"a User-Agent behind the host's", "", timerPayload, "User-Agent: " + agent + " x", "User-Agent"},
		{"two tokens of the host", "", timerPayload, "User-Agent: " + agent + " " + agent, "User-Agent"},
		{"no User-Agent", "", timerPayload, "User-Agent: -", "User-Agent"},
		{"no version", "", timerPayload, "User-Agent: Azure-Functions-Host/", "User-Agent"},
		{"a key", "", timerPayload, "x-functions-key: " + testKey, "X-Functions-Key"},
		{"an empty key", "", timerPayload, "x-functions-key: ", "X-Functions-Key"},
		{"a key in the query", "?code=" + testQuery, timerPayload, "", "code"},
		{"a key in the query, in capitals", "?a=b&CODE=" + testQuery, timerPayload, "", "code"},
		{"a token", "", timerPayload, "Authorization: Bearer x", "Authorization"},
		{"a cookie", "", timerPayload, "Cookie: ARRAffinity=1", "Cookie"},
		{"a principal", "", timerPayload, "X-MS-CLIENT-PRINCIPAL: e30=", "X-Ms-Client-Principal"},
		{"a front end", "", timerPayload, "X-Forwarded-For: 203.0.113.7", "X-Forwarded"},
		{"a front end's scheme", "", timerPayload, "x-forwarded-proto: https", "X-Forwarded"},
		{"no body", "", "", "", "payload"},
		{"no JSON", "", "{", "", "payload"},
		{"two documents", "", timerPayload + "{}", "", "payload"},
		{"null", "", "null", "", "payload"},
		{"an array", "", "[" + timerPayload + "]", "", "payload"},
		{"nothing in it", "", "{}", "", "payload"},
		{"a caller's body", "", wholeModel(), "", "payload"},
		{"another binding", "", strings.Replace(timerPayload, `"timer"`, `"request"`, 1), "", "payload"},
		{"two bindings", "", strings.Replace(timerPayload, `"Data":{`, `"Data":{"request":{},`, 1), "", "payload"},
		{"no timer", "", `{"Data":{"timer":null},"Metadata":{"sys":{}}}`, "", "payload"},
		{"no schedule", "", strings.Replace(timerPayload, `"Schedule":`, `"Other":`, 1), "", "payload"},
		{"not past due", "", strings.Replace(timerPayload, `,"IsPastDue":false`, "", 1), "", "payload"},
		{"no metadata", "", strings.Replace(timerPayload, `"sys"`, `"system"`, 1), "", "payload"},
		{"larger than a timer's", "", timerPayload + strings.Repeat(" ", maxBody), "", "payload"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := timerBench(t)
			for _, function := range []string{"RefreshSweep", "RefreshSchedule"} {
				var headers []string
				if tc.header != "" {
					headers = append(headers, tc.header)
				}
				b.tick("/"+function+tc.query, tc.body, headers...).is(http.StatusForbidden).has("x-ms-error-code", "TimerOnly")
				refused := b.log.records(t)[0]
				b.log.b.Reset()
				if refused["event"] != "timer.refused" || refused["function"] != function || refused["reason"] != tc.reason || refused["level"] != "WARN" {
					t.Errorf("%s: logged as %v, want the event with reason %s", function, refused, tc.reason)
				}
			}
			if calls := b.fake.calls; len(calls) != 0 {
				t.Errorf("got calls %v, want none", calls)
			}
		})
	}
}

// schedules and health/ready ask for proof that the host has checked something. It
// checks a key's value, so any value counts here.
func TestReadsWithoutKeyOrPrincipalAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, query, header string
		easyAuth            bool
		want                int
	}{
		{"nothing", "", "", false, http.StatusUnauthorized},
		{"nothing, with Easy Auth", "", "", true, http.StatusUnauthorized},
		{"an empty key", "?code=", "x-functions-key: ", false, http.StatusUnauthorized},
		{"a principal that nobody guards", "", principal(ada), false, http.StatusUnauthorized},
		{"a principal that is none", "", "X-MS-CLIENT-PRINCIPAL: x", true, http.StatusUnauthorized},
		{"a principal", "", principal(ada), true, http.StatusOK},
		{"a key", "", "x-functions-key: " + testKey, false, http.StatusOK},
		{"a key in the query", "?code=" + testQuery, "", false, http.StatusOK},
		{"a key in the query, in capitals", "?Code=" + testQuery, "", false, http.StatusOK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var asked []powerbi.Dataset
			b := newBench(t, walked(&asked), func(c *Config) { c.Schedules, c.Guard.Gate.EasyAuth = &fakeSchedules{}, tc.easyAuth })
			for _, path := range []string{"/api/schedules", "/api/health/ready", "/api/doctor"} {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					r := httptest.NewRequest(method, path+tc.query, http.NoBody)
					if name, value, ok := strings.Cut(tc.header, ": "); ok {
						r.Header.Set(name, value)
					}
					w := httptest.NewRecorder()
					if b.routes.ServeHTTP(w, r); w.Code != tc.want {
						t.Errorf("%s %s: got HTTP %d, want %d: %s", method, path, w.Code, tc.want, w.Body)
					}
				}
			}
		})
	}
}
