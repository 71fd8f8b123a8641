package handler

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// endsAfter is the status of an operation that ends after a while.
func endsAfter(d time.Duration, phase machine.Phase) func(string) (refresh.Receipt, error) {
	began := time.Now()
	return func(string) (refresh.Receipt, error) {
		if time.Since(began) < d {
			return receipt(machine.Running), nil
		}
		return receipt(phase), nil
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	const never = 24 * time.Hour
	for _, tc := range []struct {
		name, query, prefer string
		ends                time.Duration
		phase               machine.Phase
		took                time.Duration // how long the request is held back
		code                int
		applied             string
	}{
		{"no wish", "", "", time.Second, machine.Succeeded, 0, 202, ""},
		{"ends in time", "", "wait=30", 10 * time.Second, machine.Succeeded, 10 * time.Second, 200, "wait=30"},
		{"fails in time", "", "wait=30", 10 * time.Second, machine.Failed, 10 * time.Second, 409, "wait=30"},
		{"is cancelled in time", "?wait=30", "", 10 * time.Second, machine.Cancelled, 10 * time.Second, 409, ""},
		{"does not end in time", "", "wait=20", never, "", 20 * time.Second, 202, "wait=20"},
		{"wants more than is allowed", "", "wait=600", never, "", 45 * time.Second, 202, "wait=45"},
		{"wants very much", "?wait=2000000000", "", never, "", 45 * time.Second, 202, ""},
		{"wants more than a number", "?wait=99999999999999999999", "", never, "", 45 * time.Second, 202, ""},
		{"prefers more than a number", "", "wait=99999999999999999999", never, "", 45 * time.Second, 202, "wait=45"},
		{"wants an hour", "?wait=3600", "", never, "", 45 * time.Second, 202, ""},
		{"has ended", "", "wait=30", 0, machine.Succeeded, 0, 200, "wait=30"},
		{"zero", "?wait=0", "", never, "", 0, 202, ""},
		{"prefers zero", "", "wait=0", never, "", 0, 202, "wait=0"},
		{"negative", "?wait=-5", "", never, "", 0, 400, ""},
		{"with a sign", "?wait=%2B5", "", never, "", 0, 400, ""},
		{"no number", "?wait=soon", "", never, "", 0, 400, ""},
		{"no number, and a preference", "?wait=soon", "wait=5", never, "", 0, 400, ""},
		{"a fraction", "", "wait=1.5", never, "", 0, 202, ""},
		{"a preference without a value", "", "wait", never, "", 0, 202, ""},
		{"with other preferences", "", `respond-async, wait=7, handling=lenient`, never, "", 7 * time.Second, 202, "respond-async, wait=7"},
		{"the other way round", "", `wait=7, respond-async`, never, "", 7 * time.Second, 202, "respond-async, wait=7"},
		{"async, and ends in time", "", `respond-async, wait=7`, 3 * time.Second, machine.Succeeded, 3 * time.Second, 200, "wait=7"},
		{"async alone", "", `respond-async`, never, "", 0, 202, "respond-async"},
		{"async alone, and has ended", "", `respond-async`, 0, machine.Succeeded, 0, 200, ""},
		{"async, and the query", "?wait=3", `Respond-Async`, never, "", 3 * time.Second, 202, "respond-async"},
		{"quoted, in capitals, with blanks", "", `Wait = "7"`, never, "", 7 * time.Second, 202, "wait=7"},
		{"twice: the first counts", "", `wait=7, wait=9`, never, "", 7 * time.Second, 202, "wait=7"},
		{"twice, the first one unreadable", "", `wait=x, wait=9`, never, "", 0, 202, ""},
		{"with parameters", "", `wait=7;foo="a,b;wait=1"; bar`, never, "", 7 * time.Second, 202, "wait=7"},
		{"inside of quotes", "", `foo="x, wait=9"`, never, "", 0, 202, ""},
		{"behind quotes", "", `foo="\", wait=1", wait=9`, never, "", 9 * time.Second, 202, "wait=9"},
		{"the query first", "?wait=3", "wait=9", never, "", 3 * time.Second, 202, ""},
		{"another preference", "", "waiting=9", never, "", 0, 202, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.fake.status = endsAfter(tc.ends, tc.phase)
				began := time.Now()
				a := b.do(http.MethodGet, statusPath+strings.Replace(tc.query, "?", "&", 1), "", "Prefer: "+tc.prefer)
				a.is(tc.code).has("Preference-Applied", tc.applied)
				if took := time.Since(began); took != tc.took {
					t.Errorf("held back for %v, want %v", took, tc.took)
				}
			})
		})
	}
}

func TestWaitOfATrigger(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		at     machine.Phase // when it is triggered
		ends   time.Duration
		phase  machine.Phase
		code   int
		header string // Location
	}{
		{"ends in time", machine.Queued, 5 * time.Second, machine.Succeeded, 200, ""},
		{"fails in time", machine.Queued, 5 * time.Second, machine.Failed, 409, ""},
		{"has failed at once", machine.Failed, 0, machine.Failed, 409, ""},
		{"goes on", machine.Queued, time.Hour, "", 202, testStatusURL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) { return receipt(tc.at), nil }
				b.fake.status = endsAfter(tc.ends, tc.phase)
				b.trigger(wholeModel(), "Prefer: wait=20").is(tc.code).has("Location", tc.header).has("Preference-Applied", "wait=20")
			})
		})
	}
}

// The time that a trigger waited for the lease is part of what its caller wishes to wait.
func TestWaitCountsFromTheArrival(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ admitted, took time.Duration }{
		{0, 20 * time.Second}, {15 * time.Second, 20 * time.Second}, {45 * time.Second, 45 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) {
				time.Sleep(tc.admitted)
				return receipt(machine.Running), nil
			}
			b.fake.status = always(receipt(machine.Running))
			began := time.Now()
			b.trigger(wholeModel(), "Prefer: wait=20").is(http.StatusAccepted)
			if took := time.Since(began); took != tc.took {
				t.Errorf("admitted after %v and answered after %v, want %v", tc.admitted, took, tc.took)
			}
		})
	}
}

func TestWaitCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.MaxWait = 0 })
		b.fake.status = always(receipt(machine.Running))
		began := time.Now()
		b.status("Prefer: wait=30").isAccepted(testStatusURL, "5")
		if time.Since(began) != 0 {
			t.Errorf("held back for %v", time.Since(began))
		}
	})
}

// The very first look must succeed: an unknown id is not worth a wait.
func TestNoWaitForAnUnknownOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		began := time.Now()
		b.status("Prefer: wait=30").is(http.StatusNotFound).has("Preference-Applied", "")
		if time.Since(began) != 0 {
			t.Errorf("held back for %v", time.Since(began))
		}
	})
}

func TestWaitEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.fake.status = always(receipt(machine.Running))
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, leave)
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, statusPath+"&wait=40", nil)
		began := time.Now()
		b.routes.ServeHTTP(httptest.NewRecorder(), r)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("held back for %v after the caller left at 3s", took)
		}
	})
}

// Wait and key go together: who repeats a request while the first one waits is answered
// with it.
func TestWaitsOfOneKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLive(t, 30*time.Second, machine.RowCompleted)
		answers := make(chan answer, 3)
		for range 3 {
			go func() { answers <- l.trigger(wholeModel(), "Idempotency-Key: k", "Prefer: wait=45") }()
			time.Sleep(5 * time.Second)
		}
		ids := map[string]bool{}
		for range 3 {
			a := (<-answers).is(http.StatusOK)
			ids[a.document().ID] = true
		}
		if len(ids) != 1 || len(l.pbi.rows) != 1 {
			t.Errorf("%d operations, %d refreshes", len(ids), len(l.pbi.rows))
		}
		rest()
	})
}

func FuzzPreferences(f *testing.F) {
	for _, seed := range []string{"", "wait=7", `respond-async, wait="7";a=b`, `x="\\", wait=1`, `"`, `=`, `a="b`, ",,;", `wait="1\"2"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		found := preferences([]string{header})
		for name, value := range found {
			if name == "" || name != strings.ToLower(strings.TrimSpace(name)) {
				t.Errorf("a preference called %q", name)
			}
			if strings.ContainsAny(name, `,;="`) {
				continue // what comes back would be read otherwise
			}
			quoted := name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
			if again := preferences([]string{quoted + ", " + header}); again[name] != value {
				t.Errorf("%q becomes %q", value, again[name])
			}
		}
	})
}
