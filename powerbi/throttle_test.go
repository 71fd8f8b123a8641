package powerbi

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottledCallsAreNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := inTurn(replies(429, throttled, "Retry-After: 60"), replies(202, "", "RequestId: "+aRefreshID))
		c := newClient(t, w, nil)
		start := func() error {
			_, err := c.StartRefresh(t.Context(), model(), RefreshRequest{})
			return err
		}
		if e := asError(t, start()); e.Code != CodeThrottled || e.Outcome != Refused || e.RetryAfter != time.Minute {
			t.Fatalf("got %v", e)
		}
		time.Sleep(20 * time.Second)
		if e := asError(t, start()); e.Code != CodeThrottled || e.Outcome != NotSent || e.RetryAfter != 40*time.Second || e.Op != "start refresh" {
			t.Fatalf("got %v", e)
		}
		if err := c.CancelRefresh(t.Context(), model(), aRefreshID); err != nil {
			t.Errorf("throttled starts keep a cancel back: %v", err)
		}
		if n := len(w.requests()); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		time.Sleep(40 * time.Second)
		if err := start(); err != nil {
			t.Errorf("after the wait: %v", err)
		}
	})
}

// TestNoStormAfterThrottling: when the wait is over, one goes first.
func TestNoStormAfterThrottling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		w := &wire{answer: func(n int, _ *http.Request) (*http.Response, error) {
			sent.Add(1)
			if n > 1 {
				time.Sleep(2 * time.Second)
			}
			if n < 3 {
				return reply(429, "", "Retry-After: 30"), nil
			}
			return reply(200, `[]`), nil
		}}
		c := newClient(t, w, nil)
		storm := func() (refused int32) {
			var n atomic.Int32
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if _, err := c.Refreshes(t.Context(), model(), 1); HasCode(err, CodeThrottled) {
						n.Add(1)
					}
				})
			}
			wg.Wait()
			return n.Load()
		}
		_, _ = c.Refreshes(t.Context(), model(), 1)
		if refused := storm(); refused != 100 || sent.Load() != 1 {
			t.Errorf("during the wait: %d refused, %d sent", refused, sent.Load())
		}
		time.Sleep(31 * time.Second)
		if refused := storm(); refused != 100 || sent.Load() != 2 {
			t.Errorf("after the wait, throttled again: %d refused, %d sent in all", refused, sent.Load())
		}
		time.Sleep(31 * time.Second)
		if refused := storm(); refused != 99 || sent.Load() != 3 {
			t.Errorf("after the second wait: %d refused, %d sent in all", refused, sent.Load())
		}
		if refused := storm(); refused != 0 {
			t.Errorf("open again: %d refused", refused)
		}
	})
}

func TestGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := new(throttle)
		g.leave(reads, false, reply(429, `{"errorCode":"CapacityLimitExceeded"}`))
		if _, refused := g.enter(reads); refused == nil || refused.RetryAfter != defaultWait || refused.Code != CodeCapacityThrottled {
			t.Errorf("a 429 without a time: %v", refused)
		}
		g.leave(reads, false, reply(429, "", "Retry-After: 5"))
		if _, refused := g.enter(reads); refused == nil || refused.RetryAfter != defaultWait {
			t.Errorf("a shorter wait replaced the longer: %v", refused)
		}
		g.leave(reads, false, reply(200, ""))
		if _, refused := g.enter(reads); refused == nil {
			t.Error("an older call's success opened the gate")
		}
		time.Sleep(defaultWait)
		if probe, refused := g.enter(reads); !probe || refused != nil {
			t.Errorf("the first after the wait: %v, %v", probe, refused)
		}
		if _, refused := g.enter(reads); refused == nil || refused.RetryAfter != probeWait {
			t.Errorf("the second after the wait: %v", refused)
		}
		time.Sleep(8 * time.Second)
		if _, refused := g.enter(reads); refused == nil || refused.RetryAfter != 8*time.Second {
			t.Errorf("while the first hangs: %v", refused)
		}
		g.leave(reads, true, nil) // no answer: the next one finds out
		if probe, refused := g.enter(reads); probe || refused != nil {
			t.Errorf("after a lost answer: %v, %v", probe, refused)
		}
	})
}

// While the first call after a wait is in progress, an older one may still return a 429:
// its time applies, whatever the answer to the first call.
func TestASuccessDoesNotUndoALaterThrottling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := new(throttle)
		g.leave(starts, false, reply(429, "", "Retry-After: 1"))
		time.Sleep(time.Second)
		if probe, refused := g.enter(starts); !probe || refused != nil {
			t.Fatalf("the first after the wait: %v, %v", probe, refused)
		}
		g.leave(starts, false, reply(429, "", "Retry-After: 60")) // sent before the first 429
		g.leave(starts, true, reply(202, ""))
		if _, refused := g.enter(starts); refused == nil || refused.RetryAfter != time.Minute {
			t.Errorf("before the time that Power BI named: %v", refused)
		}
		time.Sleep(time.Minute)
		if probe, refused := g.enter(starts); !probe || refused != nil {
			t.Errorf("the first after that: %v, %v", probe, refused)
		}
	})
}
