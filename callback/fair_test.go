package callback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease/leasetest"
)

const otherModel = "f089354e-8366-4e18-aea3-4cb4a3a50b48/0a3d6c62-5a0e-4b0e-8e0f-3b1d3d1f0000"

// of returns the callback of an operation that an owner asks for on a model.
func of(t *testing.T, owner, model, id string) Registration {
	t.Helper()
	r := wants(t, id)
	r.Owner, r.Model = owner, model
	return r
}

// put stores a record as if it had been tried before, and its operation had ended.
func (w *world) put(r Registration, attempts int) {
	w.t.Helper()
	w.end(r.Operation.ID)
	rec := record{state: Sending, url: r.URL, operation: r.Operation, owner: ownerHash(r.Owner), ended: time.Now(), attempts: attempts}
	body, meta, err := rec.encode()
	if err != nil {
		w.t.Fatal(err)
	}
	w.memory.Overwrite(r.name(), body, meta)
}

// silent is a receiver that never answers if its path has the word, and as the world's
// otherwise.
func (w *world) silent(word string) func(context.Context, URL, []byte) Result {
	return func(ctx context.Context, u URL, body []byte) Result {
		if !strings.Contains(u.Exact(), word) {
			return w.post(ctx, u, body)
		}
		time.Sleep(sendLimit)
		return Result{Cause: "no answer"}
	}
}

// tick sweeps once and waits for the next tick of a timer of 30 s.
func tick(t *testing.T, s *Service) SweepReport {
	t.Helper()
	began := time.Now()
	report := mustSweep(t, s)
	if took := time.Since(began); took > 30*time.Second {
		t.Fatalf("a sweep took %v, want 30 s at most", took)
	}
	time.Sleep(30*time.Second - time.Since(began)%(30*time.Second))
	return report
}

// 5,800 callbacks to receivers that never answer delay the retry of another owner, or of
// another model of the same owner, by two sweeps at most: the sweep that finds it due, and
// one.
func TestSilentReceiversDelayNobodyElse(t *testing.T) {
	for name, tc := range map[string]struct {
		owners int // of the silent callbacks
		retry  func(*testing.T) Registration
	}{
		"another owner, same model":  {1, func(t *testing.T) Registration { return of(t, "other", testModel, "retry") }},
		"same owner, another model":  {1, func(t *testing.T) Registration { return of(t, "silent-0", otherModel, "retry") }},
		"another owner beside eight": {8, func(t *testing.T) Registration { return of(t, "other", testModel, "retry") }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				for i := range 5800 {
					w.put(of(t, fmt.Sprintf("silent-%d", i%tc.owners), testModel, fmt.Sprintf("silent-%d", i)), 3)
				}
				w.answer = func(n int) Result { return Result{Status: []int{503, 503, 200}[n-1]} }
				store := leasetest.NewFaulty(w.memory)
				s, retry := w.service(store), tc.retry(t)
				s.send = w.silent("silent")
				w.put(retry, 0)
				for attempt := 1; attempt <= 3; attempt++ {
					before := store.Count(leasetest.OpList)
					for sweeps := 0; w.posts() < attempt; sweeps++ {
						if sweeps == 2 {
							t.Fatalf("attempt %d was not begun within two sweeps, want it in the second", attempt)
						}
						tick(t, s)
					}
					if pages := store.Count(leasetest.OpList) - before; pages > 2*6 {
						t.Errorf("attempt %d took %d pages of a listing, want 6 for each sweep", attempt, pages)
					}
				}
				w.wantRecord(retry, Delivered, 3)
			})
		})
	}
}

// Forty owners have more due than is ever sent, and every sweep is another process: within
// three sweeps each owner is served, also if each process dies while it sends.
func TestTurnsGoOnInAnotherProcess(t *testing.T) {
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprint("dies ", dies), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				const owners = 40
				for i := range 20 * owners {
					w.put(of(t, fmt.Sprintf("owner-%d", i%owners), testModel, fmt.Sprintf("silent-%d/%d", i%owners, i)), 0)
				}
				for range (owners + sweepAtOnce - 1) / sweepAtOnce {
					ctx, cancel := context.WithCancel(t.Context())
					s := w.service()
					s.send = func(ctx context.Context, u URL, body []byte) Result {
						w.post(ctx, u, body)
						time.Sleep(beginLimit + time.Second) // so that no other is begun
						if dies {
							cancel()
						}
						return Result{Cause: "no answer"}
					}
					_, _ = s.Sweep(ctx)
					cancel()
					time.Sleep(time.Minute)
				}
				served := map[string]bool{}
				for _, sent := range w.all() {
					owner, _, _ := strings.Cut(strings.TrimPrefix(sent, "https://prod.logic.azure.com/silent-"), "/")
					served[owner] = true
				}
				if len(served) != owners {
					t.Errorf("three sweeps sent %d callbacks of %d owners, want all %d", w.posts(), len(served), owners)
				}
			})
		})
	}
}

// A sweep lists at most 20 pages, and the next one goes on there, in any process: the last
// of 45,000 records is reached by the third.
func TestListingIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		many := &crowd{Store: w.memory}
		many.add(45_000, "", otherModel, "", Delivered)
		w.put(of(t, "other", testModel, "last"), 0)
		seen := 0
		for sweep := 1; w.posts() == 0; sweep++ {
			store := leasetest.NewFaulty(many)
			report := tick(t, w.service(store))
			if n := store.Count(leasetest.OpList); n > maxPages || report.Complete {
				t.Errorf("sweep %d listed %d pages, complete %t, want %d at most, and not complete", sweep, n, report.Complete, maxPages)
			}
			if seen += report.Seen; sweep > 3 {
				t.Fatalf("three sweeps listed %d records, want the last of 45001", seen)
			}
		}
		if seen != 45_001 {
			t.Errorf("three sweeps listed %d records, want each of 45001 once", seen)
		}
	})
}

// The process dies at each call of a sweep, or the call fails: the next process sends all.
func TestSweepDiesAtEveryCall(t *testing.T) {
	t.Parallel()
	for calls := 1; calls < 30; calls++ {
		for _, landed := range []bool{true, false} {
			bubbleOf(t, func(t *testing.T, w *world) {
				var all []Registration
				for i := range 40 {
					r := of(t, fmt.Sprintf("owner-%d", i%20), testModel, fmt.Sprintf("op-%d", i))
					w.put(r, 0)
					all = append(all, r)
				}
				_, _ = w.service(newMortal(w.memory, calls, landed)).Sweep(t.Context())
				time.Sleep(time.Minute)
				s := w.service()
				for range 3 {
					tick(t, s)
				}
				for _, r := range all {
					if rec := w.record(r); rec.state != Delivered {
						t.Errorf("died at call %d (landed %t): the callback of %s is %v, want it delivered", calls, landed, r.Operation.ID, rec)
					}
				}
			})
		}
	}
}

// A position that cannot be read, or that is damaged, costs no callback; one of a newer
// version is not replaced.
func TestPositionsThatCannotBeUsed(t *testing.T) {
	for name, body := range map[string]string{
		"damaged": "S1gnatur3", "empty": "", "another": `[]`, "newer": `{"schema":2,"next":7}`,
		"wrong cursor": `{"schema":1,"next":"zzz","turn":{"owner":"b"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.memory.Overwrite(positionName, []byte(body), nil)
				for i := range 40 {
					w.put(of(t, "key", testModel, fmt.Sprintf("op-%d", i)), 0)
				}
				s := w.service()
				if err := s.Admit(t.Context(), "key", testModel); err != nil {
					t.Errorf("Admit with the position %q = %v, want no error", body, err)
				}
				tick(t, s)
				tick(t, s)
				if w.posts() != 40 {
					t.Errorf("%d callbacks were sent with the position %q, want 40", w.posts(), body)
				}
				doc, err := w.memory.Read(t.Context(), positionName)
				if err != nil {
					t.Fatal(err)
				}
				if kept := string(doc.Body) == body; kept != (name == "newer") {
					t.Errorf("the position %q became %q, want it replaced unless it is newer", body, doc.Body)
				}
			})
		})
	}
}

// A cursor that the storage rejects is given up.
func TestRejectedCursor(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.memory.Overwrite(positionName, []byte(`{"schema":1,"next":"old"}`), nil)
		w.put(wants(t, "op-1"), 0)
		store := leasetest.NewFaulty(w.memory)
		store.On(leasetest.OpList, leasetest.OnCall(1, leasetest.NotSent(errors.New("400 OutOfRangeInput"))))
		s := w.service(store)
		if _, err := s.Sweep(t.Context()); err == nil {
			t.Error("Sweep with a rejected listing returned no error, want one")
		}
		mustSweep(t, s)
		w.wantRecord(wants(t, "op-1"), Delivered, 1)
	})
}
