package sim_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

const enhancedBody = `{"type":"Full"}`

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestStartHeaders(t *testing.T) {
	t.Parallel()
	t.Run("standard: seen MicrosoftDocs/powerbi-docs#5067", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		r := b.start(sim.Sales(), "")
		if r.status != http.StatusAccepted || r.body != "" {
			t.Fatalf("got %d %q; want HTTP 202, no body", r.status, r.body)
		}
		for name, want := range map[string]string{
			"Cache-Control":                 "no-store, must-revalidate, no-cache",
			"Pragma":                        "no-cache",
			"Content-Type":                  "application/octet-stream",
			"Strict-Transport-Security":     "max-age=31536000; includeSubDomains",
			"X-Frame-Options":               "deny",
			"X-Content-Type-Options":        "nosniff",
			"Access-Control-Expose-Headers": "RequestId",
			"Request-Redirected":            "true",
			"Content-Length":                "0",
			"Location":                      "",
			"X-Ms-Request-Id":               "",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if !strings.HasSuffix(r.header.Get("Home-Cluster-Uri"), ".analysis.windows.net/") {
			t.Errorf("got home-cluster-uri %q, want a host of analysis.windows.net", r.header.Get("Home-Cluster-Uri"))
		}
		if id := r.header.Get("RequestId"); !uuid.MatchString(id) || b.history(sim.Sales(), "")[0]["requestId"] != id {
			t.Errorf("got RequestId %q, want the history's", id)
		}
	})
	t.Run("enhanced: documented in the swagger", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		r := b.start(sim.Sales(), enhancedBody)
		id := r.header.Get("X-Ms-Request-Id")
		want := "https://api.powerbi.com/v1.0/myorg" + refreshesPath(sim.Sales()) + "/" + id
		if r.status != http.StatusAccepted || !uuid.MatchString(id) || r.header.Get("Location") != want {
			t.Errorf("got %d, id %q, Location %q; want HTTP 202, an id, %q", r.status, id, r.header.Get("Location"), want)
		}
		if r.header.Get("RequestId") != id {
			t.Errorf("RequestId %q, want %q (seen: apache/airflow)", r.header.Get("RequestId"), id)
		}
	})
}

func TestEveryAnswerCarriesARequestIDAndADate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := map[string]bool{}
	for _, path := range []string{"/groups", refreshesPath(sim.Sales()), "/nowhere", "/groups/unknown"} {
		r := b.api(http.MethodGet, path, "")
		id := r.header.Get("RequestId")
		if !uuid.MatchString(id) || seen[id] {
			t.Errorf("%s: got RequestId %q, want a new UUID", path, id)
		}
		seen[id] = true
		if r.header.Get("Date") != epoch.Format(http.TimeFormat) {
			t.Errorf("%s: got Date %q; want %v, the simulator's clock", path, r.header.Get("Date"), epoch.Format(http.TimeFormat))
		}
	}
}

func TestStandardOrEnhanced(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		want       sim.Via
	}{
		{"zero length: documented, seen powerbi-docs#5067", "", sim.ViaAPI},
		{"empty object: documented", "{}", sim.ViaAPI},
		{"white space", " \n", sim.ViaAPI},
		{"lone notifyOption: documented", `{"notifyOption":"NoNotification"}`, sim.ViaAPI},
		{"member names ignore case", `{"NotifyOption":"nonotification"}`, sim.ViaAPI},
		{"type: documented", `{"type":"Full"}`, sim.ViaEnhancedAPI},
		{"notifyOption with another member: documented example", `{"notifyOption":"MailOnFailure","retryCount":3}`, sim.ViaEnhancedAPI},
		{"documented sample of one partition", `{"type":"full","commitMode":"transactional","objects":[{"table":"Customer","partition":"Robert"}],"applyRefreshPolicy":"false","timeout":"05:00:00"}`, sim.ViaEnhancedAPI},
		{"unverified: an unknown member", `{"colour":"red"}`, sim.ViaEnhancedAPI},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.mustStart(sim.Sales(), row.body)
			if got := b.history(sim.Sales(), "")[0]["refreshType"]; got != string(row.want) {
				t.Errorf("refreshType %v, want %s", got, row.want)
			}
		})
	}
}

func TestStartValidation(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		ok         bool
	}{
		{"enums ignore case: documented Full and full", `{"type":"fULL","commitMode":"PARTIALBATCH","applyRefreshPolicy":false}`, true},
		{"every type", `{"type":"Defragment"}`, true},
		{"retryCount as a string: seen fabric-cli", `{"retryCount":"1"}`, true},
		{"boolean as a string: documented example", `{"applyRefreshPolicy":"False"}`, true},
		{"numbers", `{"maxParallelism":10,"retryCount":2}`, true},
		{"effective date", `{"effectiveDate":"2026-01-31"}`, true},
		{"effective date-time", `{"effectiveDate":"2026-01-31T12:00:00Z"}`, true},
		{"table alone is the whole table", `{"objects":[{"table":"A"},{"table":"B"}]}`, true},
		{"short hour in the pattern", `{"timeout":"1:00:00"}`, true},
		{"longest time-out", `{"timeout":"23:59:59"}`, true},
		{"unverified: unknown type", `{"type":"add"}`, false},
		{"unverified: type is no string", `{"type":1}`, false},
		{"unverified: unknown commitMode", `{"commitMode":"Halfway"}`, false},
		{"unverified: unknown notifyOption", `{"notifyOption":"Shout"}`, false},
		{"unverified: time-out of a day", `{"timeout":"24:00:00"}`, false},
		{"unverified: time-out as a number", `{"timeout":300}`, false},
		{"unverified: objects is no array", `{"objects":{"table":"A"}}`, false},
		{"unverified: objects of strings", `{"objects":["A"]}`, false},
		{"unverified: number is a word", `{"maxParallelism":"many"}`, false},
		{"unverified: negative number", `{"retryCount":-1}`, false},
		{"unverified: boolean is a word", `{"applyRefreshPolicy":"perhaps"}`, false},
		{"unverified: date is a word", `{"effectiveDate":"tomorrow"}`, false},
		{"unverified: date is a number", `{"effectiveDate":20260131}`, false},
		{"not JSON", `type=Full`, false},
		{"an array", `[]`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			r := b.start(sim.Sales(), row.body)
			if row.ok {
				if r.status != http.StatusAccepted {
					t.Errorf("got %d %s; want HTTP 202", r.status, r.body)
				}
				return
			}
			code, message := errorOf(t, r)
			if r.status != http.StatusBadRequest || code != "InvalidRequest" || message == "" {
				t.Errorf("got %d %q %q; want HTTP 400, code InvalidRequest, a value for message", r.status, code, message)
			}
			if n := len(b.truth(sim.Sales())); n != 0 {
				t.Errorf("got %d refreshes after a refusal; want 0", n)
			}
		})
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	const text = "Invalid dataset refresh request. Another refresh request is already executing"
	for _, row := range []struct {
		name   string
		mode   sim.BusyMode
		status int
		text   string
	}{
		{"documented 2023 and 2025: 400", sim.Busy400, http.StatusBadRequest, text},
		{"documented 2021: 409", sim.Busy409, http.StatusConflict, text},
		{"seen microsoft/PowerBI-CSharp#120: bare 400", sim.BusyBare, http.StatusBadRequest, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tune(sim.Sales(), func(k *sim.Knobs) { k.Busy = row.mode })
			if _, err := b.PowerBI.StartForeign(sim.Sales(), sim.ViaPortal, time.Minute); err != nil {
				t.Fatal(err)
			}
			for _, body := range []string{"", enhancedBody} { // unverified: the same for both kinds
				r := b.start(sim.Sales(), body)
				if r.status != row.status {
					t.Errorf("status: got %d; want HTTP %v", r.status, row.status)
				}
				if row.text == "" {
					if r.body != "" {
						t.Errorf("body: got %q; want no body", r.body)
					}
				} else if code, message := errorOf(t, r); code != "InvalidRequest" || message != row.text {
					t.Errorf("got %q %q; want code InvalidRequest, message %v", code, message, row.text)
				}
			}
			b.clock.Add(time.Minute)
			b.mustStart(sim.Sales(), "")
			want := sim.Counters{Posts: 3, Accepted: 2, MaxOverlap: 1, Begun: 2, Refused: 2}
			if got := b.counters(sim.Sales()); got != want {
				t.Errorf("counters %+v, want %+v", got, want)
			}
		})
	}
}

func TestBusyWithOwnRefreshIsCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mustStart(sim.Sales(), "")
	b.start(sim.Sales(), "")
	if got := b.counters(sim.Sales()); got.RefusedByOwn != 1 || got.MaxOverlap != 1 {
		t.Errorf("got %+v; want RefusedByOwn 1, MaxOverlap 1", got)
	}
}

// Another application's refresh is foreign.
func TestBusyWithAnotherApplicationsRefresh(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const other = "7e4a0000-51b1-4d00-8000-0000000000cc"
	b.Entra.AddApp(sim.TenantID, other)
	b.must(b.PowerBI.Grant(sim.WorkspaceID, other, sim.RoleAdmin))
	ours := b.token
	b.token = tokenFor(b, other, sim.Audiences()[0])
	b.mustStart(sim.Sales(), "")
	b.token = ours
	b.start(sim.Sales(), "")
	if got := b.counters(sim.Sales()); got.Refused != 1 || got.RefusedByOwn != 0 {
		t.Errorf("got %+v; want Refused 1, RefusedByOwn 0", got)
	}
	if truth := b.truth(sim.Sales())[0]; truth.Caller != other {
		t.Errorf("got %+v; want Caller %v", truth, other)
	}
}

// Documented: under many requests the service runs one, queues the next and drops the rest.
func TestQueueOneDropTheRest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Busy = sim.BusyQueue; k.Duration = 10 * time.Second })
	first, second, third := b.mustStart(sim.Sales(), enhancedBody), b.mustStart(sim.Sales(), enhancedBody), b.mustStart(sim.Sales(), enhancedBody)
	if r := b.detail(sim.Sales(), second); r.json(t)["extendedStatus"] != "NotStarted" {
		t.Errorf("the second: got %s; want extendedStatus NotStarted", r.body)
	}
	if r := b.detail(sim.Sales(), third); r.status != http.StatusNotFound {
		t.Errorf("a dropped id can be read: got %d; want HTTP 404", r.status)
	}
	b.clock.Add(15 * time.Second)
	if r := b.detail(sim.Sales(), first); r.json(t)["status"] != "Completed" {
		t.Errorf("the first: got %s; want status Completed", r.body)
	}
	if r := b.detail(sim.Sales(), second); r.json(t)["extendedStatus"] != "InProgress" {
		t.Errorf("the second: got %s; want extendedStatus InProgress", r.body)
	}
	b.clock.Add(time.Hour)
	if rows := b.history(sim.Sales(), ""); len(rows) != 2 {
		t.Errorf("%d rows, want the two that ran", len(rows))
	}
	want := sim.Counters{Posts: 3, Accepted: 3, Dropped: 1, MaxOverlap: 2, Begun: 2, RefusedByOwn: 1}
	if got := b.counters(sim.Sales()); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestDropWhenBusyAndDropWhenIdle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tune(sim.Sales(), func(k *sim.Knobs) { k.Busy = sim.BusyDrop })
	b.mustStart(sim.Sales(), "")
	b.mustStart(sim.Sales(), "")
	b.must(b.PowerBI.Next(sim.Finance(), sim.Outcome{Dropped: true}))
	b.mustStart(sim.Finance(), "")
	for _, row := range []struct {
		ref  sim.Ref
		rows int
	}{{sim.Sales(), 1}, {sim.Finance(), 0}} {
		if n := len(b.history(row.ref, "")); n != row.rows || b.counters(row.ref).Dropped != 1 {
			t.Errorf("%v: got %d rows, %+v; want %v, Dropped 1", row.ref, n, b.counters(row.ref), row.rows)
		}
	}
	if list := b.truth(sim.Finance()); list[0].Status != "Dropped" || !list[0].Dropped {
		t.Errorf("got %+v, want a dropped refresh", list)
	}
}

func TestUnsuitableModels(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		ref    sim.Ref
		change func(*sim.Knobs)
		body   string
		status int
		text   string
	}{
		{"unverified: enhanced on a shared capacity", sim.Shared(), nil, enhancedBody, 400, "Enhanced refresh"},
		{"documented: standard on a shared capacity", sim.Shared(), nil, `{"notifyOption":"NoNotification"}`, 202, ""},
		{"unverified: push dataset", sim.Sales(), func(k *sim.Knobs) { k.Push = true }, "", 415, "Model-based dataset"},
		{"unverified: mail by an application is accepted", sim.Sales(), nil, `{"notifyOption":"MailOnFailure"}`, 202, ""},
		{"switch: mail refused", sim.Sales(), func(k *sim.Knobs) { k.RefuseMail = true }, `{"notifyOption":"mailonfailure"}`, 400, "Invalid NotifyOption value 'MailOnFailure' for app only owner requests"},
		{"switch: NoNotification passes", sim.Sales(), func(k *sim.Knobs) { k.RefuseMail = true }, `{"notifyOption":"NoNotification"}`, 202, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if row.change != nil {
				b.tune(row.ref, row.change)
			}
			r := b.start(row.ref, row.body)
			if r.status != row.status || !strings.Contains(r.body, row.text) {
				t.Errorf("got %d %s; want HTTP %v, a text with %q", r.status, r.body, row.status, row.text)
			}
		})
	}
}
