package handler

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
)

// endsAfter is the status of an operation that ends after a while.
func endsAfter(d time.Duration, phase refresh.Phase) func(string) (refresh.Receipt, error) {
	began := time.Now()
	return func(string) (refresh.Receipt, error) {
		if time.Since(began) < d {
			return receipt(refresh.Running), nil
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
		phase               refresh.Phase
		took                time.Duration // how long the request is held back
		code                int
		applied             string
	}{
		{"no wish", "", "", time.Second, refresh.Succeeded, 0, 202, ""},
		{"ends in time", "", "wait=30", 10 * time.Second, refresh.Succeeded, 10 * time.Second, 200, "wait=30"},
		{"fails in time", "", "wait=30", 10 * time.Second, refresh.Failed, 10 * time.Second, 409, "wait=30"},
		{"is cancelled in time", "?wait=30", "", 10 * time.Second, refresh.Cancelled, 10 * time.Second, 409, "wait=30"},
		{"does not end in time", "", "wait=20", never, "", 20 * time.Second, 202, "wait=20"},
		{"wants more than is allowed", "", "wait=600", never, "", 45 * time.Second, 202, "wait=45"},
		{"wants very much", "?wait=2000000000", "", never, "", 45 * time.Second, 202, "wait=45"},
		{"wants more than a number", "?wait=99999999999999999999", "", never, "", 0, 400, ""},
		{"wants an hour", "?wait=3600", "", never, "", 45 * time.Second, 202, "wait=45"},
		{"has ended", "", "wait=30", 0, refresh.Succeeded, 0, 200, "wait=30"},
		{"zero", "?wait=0", "", never, "", 0, 202, "wait=0"},
		{"negative", "?wait=-5", "", never, "", 0, 400, ""},
		{"no number", "?wait=soon", "", never, "", 0, 400, ""},
		{"a fraction", "", "wait=1.5", never, "", 0, 202, ""},
		{"with other preferences", "", `respond-async, wait=7, handling=lenient`, never, "", 7 * time.Second, 202, "wait=7"},
		{"quoted, in capitals, with blanks", "", `Wait = "7"`, never, "", 7 * time.Second, 202, "wait=7"},
		{"the query first", "?wait=3", "wait=9", never, "", 3 * time.Second, 202, "wait=3"},
		{"another preference", "", "waiting=9", never, "", 0, 202, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.fake.status = endsAfter(tc.ends, tc.phase)
				began := time.Now()
				a := b.do(http.MethodGet, "/api/refreshes/"+testID+tc.query, "", "Prefer: "+tc.prefer)
				a.is(tc.code).has("Preference-Applied", tc.applied)
				// A look comes up to a step later than the end.
				if took := time.Since(began); took < tc.took || took > tc.took+waitStep {
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
		at     refresh.Phase // when it is triggered
		ends   time.Duration
		phase  refresh.Phase
		code   int
		header string // Location
	}{
		{"ends in time", refresh.Queued, 5 * time.Second, refresh.Succeeded, 200, ""},
		{"fails in time", refresh.Queued, 5 * time.Second, refresh.Failed, 409, ""},
		{"has failed at once", refresh.Failed, 0, refresh.Failed, 409, ""},
		{"goes on", refresh.Queued, time.Hour, "", 202, testStatusURL},
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

func TestWaitCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.MaxWait = 0 })
		b.fake.status = always(receipt(refresh.Running))
		began := time.Now()
		b.status("Prefer: wait=30").isAccepted(testStatusURL, "5")
		if time.Since(began) != 0 {
			t.Errorf("held back for %v", time.Since(began))
		}
	})
}

// While it waits, a look that fails is no answer: the operation goes on.
func TestWaitOutlivesErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ends := endsAfter(10*time.Second, refresh.Succeeded)
		looks := 0
		b.fake.status = func(id string) (refresh.Receipt, error) {
			if looks++; looks > 1 && looks < 5 {
				return refresh.Receipt{}, errors.New("a hiccup")
			}
			return ends(id)
		}
		b.status("Prefer: wait=30").is(http.StatusOK)
		if looks < 6 || looks > 12 {
			t.Errorf("%d looks in 10 s", looks)
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
		b.fake.status = always(receipt(refresh.Running))
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, leave)
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/refreshes/"+testID+"?wait=40", nil)
		began := time.Now()
		b.routes.ServeHTTP(httptest.NewRecorder(), r)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("held back for %v after the caller left at 3s", took)
		}
	})
}
