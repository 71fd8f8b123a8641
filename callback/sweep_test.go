package callback

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease/leasetest"
)

// The process that would report the end is dead. The sweep of another process finds it.
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
			t.Errorf("the end was found after %v, want %v at most", took, latestLook+time.Minute)
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

// Documents that are no records are logged by each sweep, and do not stop the others.
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
			t.Errorf("the sweep reports %+v, want %d seen, %d failed, complete", report, len(bad)+2, len(bad)+1)
		}
		w.wantRecord(good, Delivered, 1)
		for name := range maps.Keys(bad) {
			if !strings.Contains(w.logged(), name) {
				t.Errorf("the log does not name the bad record %s", name)
			}
		}
	})
}

// Lost metadata costs one read of the record.
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

// Receivers that never answer fill a sweep, but do not make it longer. Receivers that answer
// are called between them.
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
				t.Fatalf("a sweep took %v, want 30 s at most", took)
			}
			if n == 0 && (report.Complete || report.Due != 400) {
				t.Errorf("the first sweep reports %+v, want 400 due, not complete", report)
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
			t.Error("Sweep without a listing returned no error, want one")
		}
		s.Ended(testModel)
		synctest.Wait()
		if !strings.Contains(w.logged(), "callbacks not listed") {
			t.Errorf("the log does not say that callbacks were not listed:\n%s", w.logged())
		}
	})
}
