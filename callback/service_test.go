package callback

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// The end of an operation has its callbacks sent at once, and only its own.
func TestEndIsSentAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s := w.service()
		one, two := wants(t, "op-1"), wants(t, "op-2")
		if report := mustRegister(t, s, one); report != (Report{State: Waiting}) {
			t.Errorf("Register returned %+v, want it waiting", report)
		}
		mustRegister(t, s, two)
		synctest.Wait()
		w.end("op-1")
		s.Ended(testModel)
		synctest.Wait()
		if want := []string{one.URL.Exact() + " op-1"}; !slices.Equal(w.all(), want) {
			t.Errorf("sent %v, want %v", w.all(), want)
		}
		w.wantRecord(one, Delivered, 1)
		w.wantRecord(two, Waiting, 0)
		if !strings.Contains(w.logged(), `"host":"prod.logic.azure.com","attempts":1,"answer":"HTTP 200"`) {
			t.Errorf("the log has no line with host, attempts and answer:\n%s", w.logged())
		}
	})
}

// A callback that is registered after the end is sent without a sweep.
func TestRegisteredAfterTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.end("op-1")
		mustRegister(t, w.service(), wants(t, "op-1"))
		synctest.Wait()
		w.wantRecord(wants(t, "op-1"), Delivered, 1)
	})
}

// The same operation and URL are one callback, also after it was delivered; another URL
// of the same operation is another callback.
func TestRegisteredTwice(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s, r := w.service(), wants(t, "op-1")
		for range 3 {
			mustRegister(t, s, r)
		}
		other := r
		other.URL = mustURL(t, defaults(), r.URL.Exact()+"&again")
		mustRegister(t, w.service(), other)
		w.end("op-1")
		s.Ended(testModel)
		synctest.Wait()
		if report := mustRegister(t, w.service(), r); report != (Report{State: Delivered, Attempts: 1, LastStatus: 200}) {
			t.Errorf("Register of a delivered callback returned %+v, want it delivered after 1 attempt", report)
		}
		if w.posts() != 2 {
			t.Errorf("sent %v, want one POST for each of two URLs", w.all())
		}
		// A day later nothing is left of either.
		sweepFor(t, s, keepFor+2*time.Minute)
		page, err := w.memory.List(t.Context(), "", "", 10)
		if err != nil || len(page.Entries) != 0 || w.posts() != 2 {
			t.Errorf("a day later the store has %v, %v, after POSTs of %v, want none, after two", page.Entries, err, w.all())
		}
	})
}

// A receiver that fails at first is called again, later and later.
func TestReceiverThatFailsAtFirst(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.answer = func(n int) Result {
			return []Result{{Status: 503}, {Cause: "no connection"}, {Status: 429, RetryAfter: 10 * time.Minute}, {Status: 202}}[n-1]
		}
		s := w.service()
		w.end("op-1")
		mustRegister(t, s, wants(t, "op-1"))
		synctest.Wait()
		w.wantRecord(wants(t, "op-1"), Sending, 1)
		sweepFor(t, s, 8*time.Minute)
		w.wantRecord(wants(t, "op-1"), Sending, 3)
		sweepFor(t, s, 4*time.Minute)
		w.wantRecord(wants(t, "op-1"), Delivered, 4)
	})
}

func TestReceiverThatIsGone(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.answer = func(int) Result { return Result{Status: 404} }
		s := w.service()
		w.end("op-1")
		mustRegister(t, s, wants(t, "op-1"))
		sweepFor(t, s, time.Hour)
		w.wantRecord(wants(t, "op-1"), Abandoned, maxRefusals)
		if !strings.Contains(w.logged(), `"event":"callback.abandoned"`) {
			t.Errorf("the log has no event callback.abandoned:\n%s", w.logged())
		}
	})
}

// A callback without a receiver is abandoned after a day, and not before.
func TestReceiverThatNeverAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.answer = func(int) Result { return Result{Cause: "no connection"} }
		s := w.service()
		w.end("op-1")
		mustRegister(t, s, wants(t, "op-1"))
		sweepFor(t, s, giveUpAfter-time.Minute)
		if rec := w.record(wants(t, "op-1")); rec.state != Sending {
			t.Errorf("the callback is %s before the day is over, want %s", rec.state, Sending)
		}
		sweepFor(t, s, 3*time.Minute)
		if rec := w.record(wants(t, "op-1")); rec.state != Abandoned {
			t.Errorf("the callback is %s after a day, want %s", rec.state, Abandoned)
		}
	})
}

// An outcome that is not known now is requested again. A panic ends a step and not the
// process.
func TestOutcomeThatIsNotKnown(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.outcome = func() error { return errors.New("the store is away") }
		s := w.service()
		w.end("op-1")
		mustRegister(t, s, wants(t, "op-1"))
		if report := mustSweep(t, s); report.Failed != 1 {
			t.Errorf("the sweep reports %+v, want 1 failed", report)
		}
		w.mu.Lock()
		w.outcome = func() error { panic("nil map") }
		w.mu.Unlock()
		s.Ended(testModel)
		if report := mustSweep(t, s); report.Failed != 1 {
			t.Errorf("the sweep reports %+v, want 1 failed", report)
		}
		w.mu.Lock()
		w.outcome = nil
		w.mu.Unlock()
		sweepFor(t, s, time.Minute)
		w.wantRecord(wants(t, "op-1"), Delivered, 1)
	})
}

// An end while the records are being listed has them listed again.
func TestEndWhileListing(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		store := leasetest.NewFaulty(w.memory)
		s := w.service(store)
		mustRegister(t, s, wants(t, "op-1"))
		synctest.Wait()
		store.Delay(leasetest.OpList, 0, 5*time.Second)
		s.Ended(testModel) // lists, and finds nothing that has ended
		time.Sleep(time.Second)
		store.Delay(leasetest.OpRead, 0, 0)
		for range 10 {
			s.Ended(testModel)
		}
		time.Sleep(time.Minute)
		if n := store.Count(leasetest.OpList); n != 2 {
			t.Errorf("%d listings, want 2", n)
		}
		s.Ended(testModel)
		time.Sleep(time.Minute)
		if n := store.Count(leasetest.OpList); n != 3 {
			t.Errorf("%d listings, want 3", n)
		}
	})
}

// Register returns an error if the record may not be saved.
func TestRegistrationThatFails(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		store := leasetest.NewFaulty(w.memory)
		store.On(leasetest.OpCreate, leasetest.NotSent(fmt.Errorf("%w: cut", lease.ErrUnknown)))
		if _, err := w.service(store).Register(t.Context(), wants(t, "op-1")); !errors.Is(err, lease.ErrUnknown) {
			t.Errorf("Register with creates that do not arrive = %v, want ErrUnknown", err)
		}
		store.On(leasetest.OpCreate, leasetest.AnswerLost(fmt.Errorf("%w: cut", lease.ErrUnknown)))
		mustRegister(t, w.service(store), wants(t, "op-1"))
		store.Reset()
		store.On(leasetest.OpCreate, leasetest.OnCall(1, leasetest.NotSent(fmt.Errorf("%w: cut", lease.ErrUnknown))))
		mustRegister(t, w.service(store), wants(t, "op-3")) // one late create does not fail the registration
		store.On(leasetest.OpCreate, leasetest.AnswerLost(fmt.Errorf("%w: cut", lease.ErrUnknown)))
		store.On(leasetest.OpRead, leasetest.NotSent(errors.New("cut")))
		if _, err := w.service(store).Register(t.Context(), wants(t, "op-2")); err == nil {
			t.Error("Register with an unknown outcome returned no error, want one")
		}
	})
}

// TestRegisterAfterACreateThatNeverArrived: the first request to the storage is lost, the
// second saves the callback, and the caller reads that it waits.
func TestRegisterAfterACreateThatNeverArrived(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		store := leasetest.NewFaulty(w.memory)
		store.On(leasetest.OpCreate, leasetest.OnCall(1, leasetest.NotSent(fmt.Errorf("%w: cut", lease.ErrUnknown))))
		report, err := w.service(store).Register(t.Context(), wants(t, "op-1"))
		if err != nil || report.State != Waiting {
			t.Errorf("got %+v, %v; want the state %s", report, err, Waiting)
		}
		synctest.Wait()
	})
}
