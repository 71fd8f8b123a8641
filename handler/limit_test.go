package handler

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh/machine"
)

// A burst of Count passes at once, then Count in Per, for each key on its own.
func TestLimiter(t *testing.T) {
	t.Parallel()
	l := newLimiter(Rate{Count: 10, Per: time.Minute})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	passed := func(key string) (n int) {
		for range 100 {
			if _, ok := l.take(key, now); ok {
				n++
			}
		}
		return n
	}
	if a, again, b := passed("a"), passed("a"), passed("b"); a != 10 || again != 0 || b != 10 {
		t.Errorf("at once %d, again %d, another %d", a, again, b)
	}
	wait, ok := l.take("a", now)
	if ok || wait != 6*time.Second {
		t.Errorf("wait %v, %v", wait, ok)
	}
	now = now.Add(wait - time.Nanosecond)
	if n := passed("a"); n != 0 {
		t.Errorf("%d too early", n)
	}
	now = now.Add(time.Nanosecond)
	if n := passed("a"); n != 1 {
		t.Errorf("%d after the wait that was told", n)
	}
	now = now.Add(time.Hour)
	if n := passed("a"); n != 10 {
		t.Errorf("%d after an hour: a rest is not saved up", n)
	}
	if _, ok := newLimiter(Rate{}).take("a", now); !ok {
		t.Error("no limit is a limit")
	}
}

// Invented keys fill no memory and keep no caller out, and free no caller that goes on
// asking from its limit.
func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := newLimiter(Rate{Count: 1, Per: time.Hour})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l.take("busy", now)
	for i := range 3 * maxKeys {
		if _, ok := l.take(strconv.Itoa(i), now); !ok {
			t.Fatalf("take(%d): got a refusal, want the first token", i)
		}
		if i%1000 == 0 {
			if _, ok := l.take("busy", now); ok {
				t.Fatalf("after %d other keys: got a token for the busy one, want a refusal", i)
			}
		}
	}
	if len(l.buckets) != maxKeys || l.recent.Len() != maxKeys {
		t.Errorf("got %d and %d buckets, want %d", len(l.buckets), l.recent.Len(), maxKeys)
	}
}

// Who is signed in has one rate, however many function keys it has.
func TestOneRateForAllKeysOfAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.Guard.PerCaller, c.Guard.Gate.EasyAuth = Rate{1, time.Hour}, true })
	b.trigger(wholeModel(), principal(ada)).is(http.StatusAccepted)
	b.trigger(wholeModel(), principal(ada), "x-functions-key: another").is(http.StatusTooManyRequests)
	b.trigger(wholeModel(), "x-functions-key: another").is(http.StatusAccepted)
}

// The routes: 429 with a Retry-After from 1 to 60, and nothing was asked for.
func TestRatesOfTheRoutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) {
			c.Guard.PerCaller, c.Guard.PerModel = Rate{5, time.Hour}, Rate{3, time.Minute}
		})
		limited := func(a answer, retryAfter string) {
			t.Helper()
			a.is(http.StatusTooManyRequests).has("Retry-After", retryAfter).has("x-ms-error-code", "TooManyRequests")
		}
		for range 3 {
			b.trigger(wholeModel()).is(http.StatusAccepted)
		}
		limited(b.trigger(wholeModel()), "20") // the model: one in 20 s
		limited(b.trigger(wholeModel(), "x-functions-key: another"), "20")
		limited(b.trigger(wholeModel()), "20")
		limited(b.trigger(wholeModel()), "60") // the caller: five in an hour
		limited(b.do("POST", cancelPath, ""), "60")
		if b.fake.count("trigger") != 3 || b.fake.count("cancel") != 0 {
			t.Errorf("%d triggers and %d cancels came through", b.fake.count("trigger"), b.fake.count("cancel"))
		}
		b.fake.status = always(receipt(machine.Queued))
		b.status().is(http.StatusAccepted) // polls are not limited
		time.Sleep(20 * time.Second)
		b.trigger(wholeModel(), "x-functions-key: a third").is(http.StatusAccepted)
	})
}
