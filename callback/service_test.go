package callback

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// The end of an operation has its callbacks sent at once, and only its own.
func TestEndIsToldAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s := w.service()
		one, two := wants(t, "op-1"), wants(t, "op-2")
		if report := mustRegister(t, s, one); report != (Report{State: Waiting}) {
			t.Errorf("%+v", report)
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
			t.Errorf("the log does not tell:\n%s", w.logged())
		}
	})
}

// Whoever registers after the end is told as well, without a sweep.
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
			t.Errorf("%+v", report)
		}
		if w.posts() != 2 {
			t.Errorf("sent %v", w.all())
		}
		// A day later nothing is left of either.
		sweepFor(t, s, keepFor+2*time.Minute)
		page, err := w.memory.List(t.Context(), "", "", 10)
		if err != nil || len(page.Entries) != 0 || w.posts() != 2 {
			t.Errorf("left: %v, %v; sent %v", page.Entries, err, w.all())
		}
	})
}

// Nobody says that it has ended: the process that would have is dead. The sweep of
// another finds out.
func TestSweepFindsTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		mustRegister(t, w.service(), wants(t, "op-1"))
		s := w.service()
		sweepFor(t, s, time.Hour)
		w.wantRecord(wants(t, "op-1"), Waiting, 0)
		w.end("op-1")
		ended := time.Now()
		for w.posts() == 0 && time.Since(ended) < time.Hour {
			mustSweep(t, s)
			time.Sleep(30 * time.Second)
		}
		if took := time.Since(ended); took > latestLook+time.Minute {
			t.Errorf("found after %v", took)
		}
		w.wantRecord(wants(t, "op-1"), Delivered, 1)
	})
}

// While nothing has ended, a sweep reads little and writes less.
func TestWaitingIsCheap(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		mustRegister(t, w.service(), wants(t, "op-1"))
		store := leasetest.NewFaulty(w.memory)
		sweepFor(t, w.service(store), 10*time.Hour)
		if writes := store.Count(leasetest.OpWrite); writes > 150 || writes < 100 || store.Count(leasetest.OpRead) > 2*writes+1+10*120 {
			t.Errorf("%d writes and %d reads in ten hours, want 100 to 150 and at most two reads each, and one for each of 1200 sweeps", writes, store.Count(leasetest.OpRead))
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
			t.Errorf("nobody hears of it:\n%s", w.logged())
		}
	})
}

// A day without a receiver: given up, and not before.
func TestReceiverThatNeverAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.answer = func(int) Result { return Result{Cause: "no connection"} }
		s := w.service()
		w.end("op-1")
		mustRegister(t, s, wants(t, "op-1"))
		sweepFor(t, s, giveUpAfter-time.Minute)
		if rec := w.record(wants(t, "op-1")); rec.state != Sending {
			t.Errorf("%s before the day is over", rec.state)
		}
		sweepFor(t, s, 3*time.Minute)
		if rec := w.record(wants(t, "op-1")); rec.state != Abandoned {
			t.Errorf("%s after a day", rec.state)
		}
	})
}

// Without trouble, each callback is sent once, however many processes hear of the end
// and sweep at the same time.
func TestManyProcessesSendOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const callbacks, processes = 60, 4
		w.slow = 2 * time.Second
		var all []*Service
		for range processes {
			all = append(all, w.service())
		}
		for i := range callbacks {
			mustRegister(t, all[i%processes], wants(t, fmt.Sprintf("op-%d", i)))
		}
		synctest.Wait()
		for i := range callbacks {
			w.end(fmt.Sprintf("op-%d", i))
		}
		for range 5 {
			var wg sync.WaitGroup
			for _, s := range all {
				s.Ended(testModel)
				s.Ended(testModel)
				wg.Go(func() { mustSweep(t, s) })
			}
			wg.Wait()
			time.Sleep(10 * time.Second)
		}
		if distinct := slices.Compact(slices.Sorted(slices.Values(w.all()))); len(distinct) != callbacks || len(w.all()) != callbacks {
			t.Errorf("%d POSTs of %d callbacks, of %d registered", len(w.all()), len(distinct), callbacks)
		}
	})
}

// The process dies at each of its calls, before or after it took effect: what was
// promised is delivered by another, at most once more than needed.
func TestProcessDiesAtEveryCall(t *testing.T) {
	t.Parallel()
	deaths := 0
	for _, landed := range []bool{true, false} {
		for calls := 1; calls < 40; calls++ {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				r := wants(t, "op-1")
				doomed := newMortal(w.memory, calls, landed)
				s := w.service(doomed)
				s.send = func(ctx context.Context, u URL, body []byte) Result {
					lands, dies := doomed.call()
					if lands {
						w.post(ctx, u, body)
					}
					if dies {
						return Result{Cause: "dead"}
					}
					return Result{Status: 200}
				}
				_, err := s.Register(t.Context(), r)
				synctest.Wait()
				w.end("op-1")
				s.Ended(testModel)
				time.Sleep(time.Minute)
				if doomed.died() {
					deaths++
				}
				sweepFor(t, w.service(), 10*time.Minute)
				time.Sleep(2 * time.Minute)
				switch {
				case err != nil && w.posts() > 1, err == nil && (w.posts() < 1 || w.posts() > 2):
					t.Errorf("died at call %d (landed %v), promised: %v, %d POSTs", calls, landed, err == nil, w.posts())
				case err == nil:
					w.wantRecord(r, Delivered, w.record(r).attempts)
				}
			})
		}
	}
	if deaths < 20 {
		t.Errorf("only %d deaths: nothing is tested", deaths)
	}
}

// Each kind of call fails once for a process that lives on, having landed or not.
func TestEveryStoreCallFailsOnce(t *testing.T) {
	t.Parallel()
	errCut := errors.New("the connection was cut")
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpCreate, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease, leasetest.OpList, leasetest.OpDelete} {
		for _, landed := range []bool{true, false} {
			for n := 1; n <= 4; n++ {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					store := leasetest.NewFaulty(w.memory)
					fault := errCut
					if op == leasetest.OpCreate || op == leasetest.OpWrite {
						fault = fmt.Errorf("%w: %w", lease.ErrUnknown, errCut)
					}
					store.On(op, leasetest.OnCall(n, func(leasetest.Call) (bool, error) { return landed, fault }))
					s, r := w.service(store), wants(t, "op-1")
					if _, err := s.Register(t.Context(), r); err != nil {
						mustRegister(t, s, r) // as its caller would
					}
					w.end("op-1")
					s.Ended(testModel)
					time.Sleep(time.Minute)
					sweepFor(t, s, 10*time.Minute)
					time.Sleep(2 * time.Minute)
					if w.posts() < 1 || w.posts() > 2 {
						t.Errorf("%s %d failed (landed %v): %d POSTs", op, n, landed, w.posts())
					}
					w.wantRecord(r, Delivered, w.record(r).attempts)
				})
			}
		}
	}
}

// Two processes hear of the end at the same time, and one asks for the outcome so slowly
// that the other has claimed the record by then: it is the other's to send.
func TestSlowerProcessDoesNotSend(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		mustRegister(t, w.service(), wants(t, "op-1"))
		synctest.Wait()
		w.slow = 3 * time.Second
		w.end("op-1")
		slow, quick := w.service(), w.service()
		slow.outcome = func(ctx context.Context, op Operation) (Outcome, error) {
			time.Sleep(time.Second)
			return w.ask(ctx, op)
		}
		slow.Ended(testModel)
		synctest.Wait() // it has read the record
		quick.Ended(testModel)
		time.Sleep(time.Minute)
		if w.posts() != 1 {
			t.Errorf("%d POSTs", w.posts())
		}
		w.wantRecord(wants(t, "op-1"), Delivered, 1)
	})
}

// A process that was held up after its claim does not send: by the time the POST ended,
// the record could be another's.
func TestHeldUpClaimIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		mustRegister(t, w.service(), wants(t, "op-1"))
		synctest.Wait()
		store := leasetest.NewFaulty(w.memory)
		store.Delay(leasetest.OpWrite, 0, claimFor-sendLimit+time.Second)
		slow := w.service(store)
		w.end("op-1")
		slow.Ended(testModel)
		time.Sleep(10 * time.Second)
		if w.posts() != 0 {
			t.Error("it was sent by a process that was held up")
		}
		w.wantRecord(wants(t, "op-1"), Sending, 1)
		sweepFor(t, w.service(), time.Minute)
		w.wantRecord(wants(t, "op-1"), Delivered, 2)
	})
}

// What is not known now is asked again; a panic ends a step and not the process.
func TestOutcomeThatIsNotKnown(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.outcome = func() error { return errors.New("the store is away") }
		s := w.service()
		w.end("op-1")
		mustRegister(t, s, wants(t, "op-1"))
		if report := mustSweep(t, s); report.Failed != 1 {
			t.Errorf("%+v", report)
		}
		w.mu.Lock()
		w.outcome = func() error { panic("nil map") }
		w.mu.Unlock()
		s.Ended(testModel)
		if report := mustSweep(t, s); report.Failed != 1 {
			t.Errorf("%+v", report)
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

// What is no record is told with each sweep, and keeps nobody else from being served.
func TestBadRecordsAreSkippedLoudly(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		good := wants(t, "op-1")
		mustRegister(t, w.service(), good)
		synctest.Wait()
		folder := strings.TrimSuffix(good.name(), good.name()[len(good.name())-37:])
		bad := map[string]string{
			"00000000000000000000000000000001": "S1gnatur3 is no JSON",
			"00000000000000000000000000000002": `{"schema":3,"state":"waiting"}`,
			"00000000000000000000000000000003": `{"schema":1,"state":"S1gnatur3"}`,
			"00000000000000000000000000000006": `{"schema":1,"state":"waiting","url":"https://S1gnatur3/","secret":"S1gnatur3"}`,
			"00000000000000000000000000000004": `{"schema":1,"state":"sending","url":"http://S1gnatur3/"}`,
			"00000000000000000000000000000005": `null`,
		}
		for name, body := range bad {
			w.memory.Overwrite(folder+name+".json", []byte(body), nil)
		}
		w.memory.Overwrite(prefix+"readme.txt", nil, nil)
		w.end("op-1")
		s := w.service()
		if report := mustSweep(t, s); report.Seen != len(bad)+2 || report.Failed != len(bad)+1 || !report.Complete {
			t.Errorf("%+v", report)
		}
		w.wantRecord(good, Delivered, 1)
		for name := range maps.Keys(bad) {
			if !strings.Contains(w.logged(), name) {
				t.Errorf("%s is not told", name)
			}
		}
	})
}

// Metadata that somebody wiped costs a look, and nothing else.
func TestWipedMetadata(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s, r := w.service(), wants(t, "op-1")
		mustRegister(t, s, r)
		mustSweep(t, s)
		doc, err := w.memory.Read(t.Context(), r.name())
		if err != nil {
			t.Fatal(err)
		}
		w.memory.Overwrite(r.name(), doc.Body, nil)
		w.end("op-1")
		s.Ended(testModel)
		synctest.Wait()
		w.wantRecord(r, Delivered, 1)
	})
}

// Receivers that never answer fill a sweep and do not make it longer; those that do
// answer have their turn among them.
func TestSweepIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var all []Registration
		for i := range 400 {
			r := wants(t, fmt.Sprintf("op-%d", i))
			w.end(r.Operation.ID)
			all = append(all, r)
			body, meta, err := (record{state: Waiting, url: r.URL, operation: r.Operation}).encode()
			if err != nil {
				t.Fatal(err)
			}
			w.memory.Overwrite(r.name(), body, meta)
		}
		s := w.service()
		s.send = func(ctx context.Context, u URL, body []byte) Result {
			if strings.Contains(u.Exact(), "/op-39") {
				return w.post(ctx, u, body)
			}
			time.Sleep(sendLimit)
			return Result{Cause: "no time"}
		}
		for n := range 60 {
			began := time.Now()
			report := mustSweep(t, s)
			if took := time.Since(began); took > 30*time.Second {
				t.Fatalf("a sweep of %v", took)
			}
			if n == 0 && (report.Complete || report.Due != 400) {
				t.Errorf("%+v", report)
			}
			time.Sleep(30*time.Second - time.Since(began)%(30*time.Second))
		}
		for _, r := range all[390:] {
			w.wantRecord(r, Delivered, 1)
		}
	})
}

func TestSweepWithoutAStore(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		store := leasetest.NewFaulty(w.memory)
		store.On(leasetest.OpList, leasetest.NotSent(errors.New("away")))
		s := w.service(store)
		if _, err := s.Sweep(t.Context()); err == nil {
			t.Error("a sweep that listed nothing is a success")
		}
		s.Ended(testModel)
		synctest.Wait()
		if !strings.Contains(w.logged(), "callbacks not listed") {
			t.Errorf("nobody hears of it:\n%s", w.logged())
		}
	})
}

// What cannot be saved is not promised.
func TestRegistrationThatFails(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		store := leasetest.NewFaulty(w.memory)
		store.On(leasetest.OpCreate, leasetest.NotSent(fmt.Errorf("%w: cut", lease.ErrUnknown)))
		if _, err := w.service(store).Register(t.Context(), wants(t, "op-1")); !errors.Is(err, lease.ErrUnknown) {
			t.Errorf("%v", err)
		}
		store.On(leasetest.OpCreate, leasetest.AnswerLost(fmt.Errorf("%w: cut", lease.ErrUnknown)))
		mustRegister(t, w.service(store), wants(t, "op-1"))
		store.Reset()
		store.On(leasetest.OpCreate, leasetest.OnCall(1, leasetest.NotSent(fmt.Errorf("%w: cut", lease.ErrUnknown))))
		mustRegister(t, w.service(store), wants(t, "op-3")) // one create that is late costs nobody a callback
		store.On(leasetest.OpCreate, leasetest.AnswerLost(fmt.Errorf("%w: cut", lease.ErrUnknown)))
		store.On(leasetest.OpRead, leasetest.NotSent(errors.New("cut")))
		if _, err := w.service(store).Register(t.Context(), wants(t, "op-2")); err == nil {
			t.Error("an unknown outcome is a promise")
		}
	})
}
