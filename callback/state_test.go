package callback

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]verdict{
		200: done, 202: done, 204: done, 299: done, 0: again, 408: again, 429: again, 500: again, 502: again, 503: again, 504: again, 599: again,
		301: refused, 307: refused, 400: refused, 401: refused, 403: refused, 404: refused, 409: refused, 413: refused, 410: gone, 100: refused,
	} {
		if got := (Result{Status: status}).verdict(); got != want {
			t.Errorf("%d: %v, want %v", status, got, want)
		}
	}
	if got := (Result{Refused: true}).verdict(); got != refused {
		t.Errorf("the verdict of our own refusal is %v, want %v", got, refused)
	}
}

// tried plays attempts that all end alike, each at its time, and returns when they were
// made and the record at the end.
func tried(res Result, jitter float64) (times []time.Duration, rec record) {
	rec = record{state: Waiting}
	now := noon
	for n := 0; !rec.state.final() && n < 10000; n++ {
		rec = rec.claimed(now, "claim")
		times = append(times, now.Sub(noon))
		rec = rec.concluded(res, now.Add(time.Second), jitter, "conclusion")
		now = rec.due
	}
	return times, rec
}

// A temporary failure is retried for a day, and not longer, at growing intervals.
func TestADayOfTrouble(t *testing.T) {
	t.Parallel()
	for _, jitter := range []float64{0, 0.5, 0.999} {
		times, rec := tried(Result{Status: 503}, jitter)
		last := times[len(times)-1]
		if rec.state != Abandoned || last != giveUpAfter || rec.attempts != len(times) || rec.lastStatus != 503 {
			t.Errorf("jitter %v: %s after %d attempts, the last after %v, want %s after %v", jitter, rec.state, len(times), last, Abandoned, giveUpAfter)
		}
		if len(times) < 95 || len(times) > 220 || times[1] > 12*time.Second {
			t.Errorf("jitter %v: %d attempts in a day, the second after %v, want 95 to 220, and 12 s at most", jitter, len(times), times[1])
		}
		for i := 2; i < len(times)-1; i++ {
			if step := times[i] - times[i-1]; step > longestWait+time.Second || step+time.Second < times[i-1]-times[i-2] {
				t.Errorf("jitter %v: wait %d is %v after %v, want longer, and %v at most", jitter, i, step, times[i-1]-times[i-2], longestWait)
			}
		}
	}
}

func TestRefusalsEndCallbacks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		res      Result
		attempts int
	}{
		"404": {Result{Status: 404}, maxRefusals}, "401": {Result{Status: 401}, maxRefusals}, "307": {Result{Status: 307}, maxRefusals},
		"410": {Result{Status: 410}, 1}, "own": {Result{Refused: true, Cause: "x"}, maxRefusals}, "200": {Result{Status: 200}, 1},
	} {
		times, rec := tried(tc.res, 0.5)
		if len(times) != tc.attempts || (rec.state == Delivered) != (tc.res.Status == 200) {
			t.Errorf("answers %s: %s after %v, want an end after %d attempts", name, rec.state, times, tc.attempts)
		}
		if rec.url != (URL{}) || rec.operation != (Operation{}) || !rec.due.After(noon.Add(keepFor)) {
			t.Errorf("answers %s: %v is kept, want no URL, no operation, and a day", name, rec)
		}
	}
}

// Refusals count in a row: a receiver that is being deployed answers in many ways.
func TestRefusalsInARow(t *testing.T) {
	t.Parallel()
	rec := record{state: Waiting}.claimed(noon, "a")
	for range 3 {
		for range maxRefusals - 1 {
			rec = rec.concluded(Result{Status: 404}, noon, 0, "b")
		}
		rec = rec.concluded(Result{Status: 503}, noon, 0, "b")
	}
	if rec.state != Sending || rec.refusals != 0 {
		t.Errorf("after refusals and a 503 the record is %v, want %s without refusals", rec, Sending)
	}
}

func TestRetryAfterIsHonouredWithinBounds(t *testing.T) {
	t.Parallel()
	for asked, want := range map[time.Duration]time.Duration{0: 5 * time.Second, time.Second: 5 * time.Second, time.Minute: time.Minute, 100 * time.Hour: time.Hour} {
		rec := record{state: Waiting}.claimed(noon, "a").concluded(Result{Status: 429, RetryAfter: asked}, noon, 0, "b")
		if got := rec.due.Sub(noon); got != want {
			t.Errorf("Retry-After of %v: the wait is %v, want %v", asked, got, want)
		}
	}
}

// Claims that are never concluded end after a day and an hour.
func TestClaimsThatAreNeverConcluded(t *testing.T) {
	t.Parallel()
	rec, now := record{state: Waiting}, noon
	for !rec.state.final() {
		rec = rec.claimed(now, "a")
		if due := rec.due.Sub(now); !rec.state.final() && due != claimFor {
			t.Fatalf("claimed for %v, want %v", due, claimFor)
		}
		now = rec.due
	}
	if took := now.Add(-keepFor).Sub(noon); rec.state != Abandoned || took != giveUpAfter+lateClaims {
		t.Errorf("%s after %v, want %s after %v", rec.state, took, Abandoned, giveUpAfter+lateClaims)
	}
}

// The 24 hours begin when the end was found, not when the callback was registered.
func TestLongWaitsCostNothingOfTheDay(t *testing.T) {
	t.Parallel()
	rec := record{state: Waiting}
	now, looks := noon, 0
	for ; now.Sub(noon) < 48*time.Hour; looks++ {
		rec = rec.postponed(now, "a")
		if wait := rec.due.Sub(now); wait < soonestLook || wait > latestLook {
			t.Fatalf("the next step is after %v, want %v to %v", wait, soonestLook, latestLook)
		}
		now = rec.due
	}
	if looks > 48*12+30 {
		t.Errorf("%d steps in two days, want %d at most", looks, 48*12+30)
	}
	if rec = rec.claimed(now, "b"); !rec.ended.Equal(now) || rec.state != Sending || rec.attempts != 1 {
		t.Errorf("the claimed record is %v, want %s, ended at %v, 1 attempt", rec, Sending, now)
	}
}

// A slow POST ends within its claim, with enough time to save the result.
func TestClaimOutlastsThePost(t *testing.T) {
	t.Parallel()
	if claimFor < sendLimit+3*time.Second {
		t.Errorf("a claim lasts %v and a POST %v, want 3 s more at least", claimFor, sendLimit)
	}
}
