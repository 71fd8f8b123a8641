package handler

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
)

func TestHealthTouchesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) {
		c.Checks = []Check{{Name: "storage", Test: func(context.Context) error { return errors.New("down") }}}
	})
	a := b.do(http.MethodGet, "/api/health", "").is(http.StatusOK)
	if want := map[string]any{"status": "ok", "version": "1.2.3"}; !reflect.DeepEqual(a.object(), want) {
		t.Errorf("%s", a.raw)
	}
	if len(b.fake.calls) != 0 {
		t.Errorf("calls %v", b.fake.calls)
	}
}

// ready asks for readiness in virtual time and returns the results by name.
func ready(t *testing.T, want int, checks ...Check) map[string]checkResult {
	t.Helper()
	b := newBench(t, func(c *Config) { c.Checks = checks })
	a := b.do(http.MethodGet, "/api/health/ready", "").is(want)
	var doc healthDocument
	if err := json.Unmarshal(a.raw, &doc); err != nil {
		t.Fatal(err)
	}
	if (doc.Status == "ok") != (want == http.StatusOK) || (doc.Error == nil) != (doc.Status == "ok") || len(doc.Checks) != len(checks) {
		t.Errorf("%s", a.raw)
	}
	if want == http.StatusServiceUnavailable {
		a.has("Retry-After", "5").has("x-ms-error-code", "NotReady")
	}
	results := map[string]checkResult{}
	for i, c := range doc.Checks {
		if c.Name != checks[i].Name {
			t.Errorf("check %d is %s, want %s: the order is fixed", i, c.Name, checks[i].Name)
		}
		results[c.Name] = c
	}
	return results
}

func TestReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		good := Check{Name: "storage", Test: func(context.Context) error { time.Sleep(30 * time.Millisecond); return nil }}
		bad := Check{Name: "powerBI", Test: func(context.Context) error { return errors.New("the tenant setting keeps service principals out") }}
		if got := ready(t, http.StatusOK, good)["storage"]; got != (checkResult{Name: "storage", Status: "ok", MS: 30}) {
			t.Errorf("%+v", got)
		}
		got := ready(t, http.StatusServiceUnavailable, good, bad)
		if got["storage"].Status != "ok" || got["powerBI"].Status != "failed" || !strings.Contains(got["powerBI"].Message, "tenant setting") {
			t.Errorf("%+v", got)
		}
		ready(t, http.StatusOK)
	})
}

func TestChecksRunSideBySideAndAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		began := time.Now()
		got := ready(t, http.StatusServiceUnavailable, Check{Name: "a", Test: hangs}, Check{Name: "b", Test: hangs}, Check{Name: "c", Test: hangs})
		if took := time.Since(began); took != checkLimit {
			t.Errorf("three checks that hang took %v, want %v", took, checkLimit)
		}
		if got["c"].Message == "" || got["c"].MS != checkLimit.Milliseconds() {
			t.Errorf("%+v", got["c"])
		}
	})
}

// A panic in a check must not end the process: it runs beside the request.
func TestACheckThatPanics(t *testing.T) {
	t.Parallel()
	got := ready(t, http.StatusServiceUnavailable,
		Check{Name: "a", Test: func(context.Context) error { panic("nil map") }}, Check{Name: "b", Test: func(context.Context) error { return nil }})
	if got["a"].Status != "failed" || !strings.Contains(got["a"].Message, "nil map") || got["b"].Status != "ok" {
		t.Errorf("%+v", got)
	}
}

func TestSweepTimer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		report refresh.Report
		says   string
	}{
		{"idle", refresh.Report{Complete: true}, "sweep: 0 models, 0 due, 0 could not be moved forward"},
		{"busy", refresh.Report{Seen: 7, Due: 3, Failed: 1, Complete: true}, "sweep: 7 models, 3 due, 1 could not be moved forward"},
		{"out of time", refresh.Report{Seen: 900, Due: 100}, "sweep: 900 models, 100 due, 0 could not be moved forward; out of time, the next sweep goes on from there"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fake.sweep = func() (refresh.Report, error) { return tc.report, nil }
			a := b.tick("/RefreshSweep", timerPayload).is(http.StatusOK)
			want := map[string]any{"Outputs": map[string]any{}, "Logs": []any{tc.says}, "ReturnValue": nil}
			if !reflect.DeepEqual(a.object(), want) {
				t.Errorf("%s", a.raw)
			}
		})
	}
}

// A timer that fails answers no 2xx, which the host takes for a success, and is
// never silent: to an empty answer the host listens until it kills the process.
func TestSweepTimerFails(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		http.StatusInternalServerError: errors.New("broken"),
		http.StatusServiceUnavailable:  &refresh.UnavailableError{RetryAfter: time.Second},
	} {
		b := newBench(t)
		b.fake.sweep = func() (refresh.Report, error) { return refresh.Report{}, err }
		b.tick("/RefreshSweep", timerPayload).is(want)
	}
	b := newBench(t)
	b.fake.sweep = func() (refresh.Report, error) { panic("broken") }
	b.tick("/RefreshSweep", timerPayload).is(http.StatusInternalServerError)
}

// What ends some day says when.
func TestReadyTellsWhenItEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(12*24*time.Hour + time.Hour)
		works := func(context.Context) error { return nil }
		known := Check{Name: "keyVault", Test: works, Expires: func() (time.Time, bool) { return at, true }}
		unknown := Check{Name: "keyVault", Test: works, Expires: func() (time.Time, bool) { return time.Time{}, false }}
		got := ready(t, http.StatusOK, known)["keyVault"]
		if got.Expires == nil || !got.Expires.Equal(at) || *got.ExpiresInDays != 12 {
			t.Errorf("%+v", got)
		}
		if got := ready(t, http.StatusOK, unknown)["keyVault"]; got.Expires != nil || got.ExpiresInDays != nil {
			t.Errorf("%+v", got)
		}
	})
}
