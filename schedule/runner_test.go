package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// In a bubble it is midnight UTC on 1 January 2000, and it gets later only while
// everybody waits.

func TestTickStartsWhatIsDueOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m","labels":{"team":"sales"}`))
		r := s.runner()
		if got := s.tick(r); got != (Report{Entries: 1}) {
			t.Errorf("first tick: %+v: the slot of this minute is not older than the entry", got)
		}
		for range 5 {
			s.tick(r)
		}
		s.wantSlots()
		until("00:30")
		if got := s.tick(r); got != (Report{Entries: 1, Started: 1}) {
			t.Errorf("at the slot: %+v", got)
		}
		for range 5 { // past due, overlapping, by hand, another process
			s.tick(r)
			s.tick(s.runner())
		}
		s.wantSlots("e 2000-01-01T00:30Z")
		if s.starts.calls != 1 {
			t.Errorf("%d calls", s.starts.calls)
		}
		p := s.state().Targets[targetName("e", model())]
		if p.Last == nil || p.Last.Outcome != Started || p.Last.ID == "" || !p.Through.Equal(utc(t, "2000-01-01T00:30")) {
			t.Errorf("progress %+v", p)
		}
		if log := s.logged(); !strings.Contains(log, "label.team=sales") || strings.Contains(log, p.Last.ID) {
			t.Errorf("the log must have labels and no id:\n%s", log)
		}
	})
}

// A tick without a due slot reads nothing, and writes nothing, whatever time passes.
func TestQuietTicksCostNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"cron":"0 12 * * *"`))
		r := s.runner()
		s.tick(r)
		s.tick(r)
		s.store.Reset()
		for range 11*60 + 50 {
			time.Sleep(time.Minute)
			s.tick(r)
		}
		// Once an hour it looks whether it still knows how far everything is.
		if reads, all := s.store.Count(leasetest.OpRead), s.store.Total(); reads > 12 || all != reads {
			t.Errorf("%d reads, %d calls in 710 quiet ticks", reads, all)
		}
		s.store.Reset()
		until("12:00")
		s.tick(r)
		if s.store.Count(leasetest.OpWrite) != 1 || s.store.Total() > 5 { // read; acquire and read, write, release
			t.Errorf("%d calls for a due slot: %v", s.store.Total(), s.store.Calls())
		}
		s.wantSlots("e 2000-01-01T12:00Z")
	})
}

// Each call of a tick fails, landed or not, and the process dies of it or does not:
// the slot runs once.
func TestEveryStepFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpCreate, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease, "Start"} {
		for n := 1; n <= 3; n++ {
			for _, landed := range []bool{false, true} {
				for _, dies := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %d landed=%t dies=%t", op, n, landed, dies), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) { failOnce(t, op, n, landed, dies, broken) })
					})
				}
			}
		}
	}
}

func failOnce(t *testing.T, op leasetest.Op, n int, landed, dies bool, broken error) {
	s := newScene(t, `{"schedules":{"a":`+entryText(`"every":"30m"`)+`,"b":`+entryText(`"every":"30m"`)+`}}`)
	if op == leasetest.OpCreate || op == leasetest.OpWrite {
		broken = fmt.Errorf("%w: %w", lease.ErrUnknown, broken)
	}
	s.store.On(op, leasetest.OnCall(n, func(leasetest.Call) (bool, error) { return landed, broken }))
	s.starts.fail = func(_ string, call int) (bool, error) {
		if op == "Start" && call == n {
			return landed, broken
		}
		return true, nil
	}
	r := s.runner()
	for _, clock := range []string{"00:01", "00:02", "00:03", "00:30", "00:31", "00:32", "01:00", "01:01", "01:02"} {
		until(clock)
		if _, err := r.Tick(t.Context()); err != nil && dies {
			r = s.runner()
		}
	}
	s.wantSlots("a 2000-01-01T00:30Z", "a 2000-01-01T01:00Z", "b 2000-01-01T00:30Z", "b 2000-01-01T01:00Z")
	if through := s.state().Targets[targetName("a", model())].Through; !through.Equal(utc(t, "2000-01-01T01:00")) {
		t.Errorf("through %v", through)
	}
}

// Two instances tick at the same moment, for a day.
func TestTwoInstancesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m"`))
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				r := s.runner()
				for range 24*60 + 1 {
					if _, err := r.Tick(t.Context()); err != nil {
						t.Errorf("%v: %v", time.Now(), err)
					}
					time.Sleep(time.Minute)
				}
			})
		}
		both.Wait()
		if n := len(s.starts.slots()); n != 48 {
			t.Errorf("%d slots, want 48", n)
		}
	})
}

// A tick that comes while another of the same process is at work goes away.
func TestOverlappingTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m"`))
		r := s.runner()
		s.tick(r)
		until("00:30")
		entered, leave := make(chan struct{}), make(chan struct{})
		r.cfg.Start = func(ctx context.Context, key string, q refresh.Request) (refresh.Receipt, error) {
			close(entered)
			<-leave
			return s.starts.start(ctx, key, q)
		}
		var first sync.WaitGroup
		first.Go(func() { s.tick(r) })
		<-entered
		if got := s.tick(r); !got.Busy {
			t.Errorf("%+v", got)
		}
		close(leave)
		first.Wait()
		s.wantSlots("e 2000-01-01T00:30Z")
	})
}

func TestWhatCannotBeStarted(t *testing.T) {
	t.Parallel()
	quota := refresh.Receipt{ID: "op-quota"}
	quota.View.Operation.Fault = &machine.Fault{Code: machine.CodeDailyLimit, Message: "Used up."}
	for _, tc := range []struct {
		what    string
		receipt refresh.Receipt
		err     error
		permits bool
		ticks   int
		report  Report
		outcome Outcome
		code    string
	}{
		{"refused by the model", refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeBusy, Message: "Busy."}, true, 1, Report{Entries: 1, Refused: 1}, Refused, machine.CodeBusy},
		{"forbidden model", refresh.Receipt{}, nil, false, 1, Report{Entries: 1, Refused: 1}, Refused, CodeModelNotAllowed},
		{"quota", quota, nil, true, 1, Report{Entries: 1, Started: 1}, Started, machine.CodeDailyLimit},
		{"queue full, for a while", refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeQueueFull, Message: "Full."}, true, 12, Report{Entries: 1, Missed: 1}, Missed, CodeSlotMissed},
		{"storage gone", refresh.Receipt{}, errors.New("no storage"), true, 12, Report{Entries: 1, Missed: 1}, Missed, CodeSlotMissed},
	} {
		t.Run(tc.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, fileText(`"every":"30m"`))
				r := s.runner()
				r.cfg.Permits = func(machine.Model) bool { return tc.permits }
				r.cfg.Start = func(context.Context, string, refresh.Request) (refresh.Receipt, error) { return tc.receipt, tc.err }
				s.tick(r)
				until("00:30")
				var got Report
				for i := range tc.ticks {
					if got = s.tick(r); i < tc.ticks-1 && got.Waiting != 1 {
						t.Errorf("tick %d: %+v", i, got)
					}
					time.Sleep(time.Minute)
				}
				last := s.state().Targets[targetName("e", model())].Last
				if got != tc.report || last == nil || last.Outcome != tc.outcome || last.Code != tc.code || last.Message == "" {
					t.Errorf("%+v, %+v", got, last)
				}
				if log := s.logged(); !strings.Contains(log, "event=schedule.failed") || !strings.Contains(log, "code="+tc.code) || !strings.Contains(log, "schedule=e") {
					t.Errorf("no event in\n%s", log)
				}
			})
		})
	}
}

// One model that cannot be started now holds up no other, and a panic is no way out.
func TestOneTargetDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, `{"schedules":{"a":`+entryText(`"every":"5m"`)+`,"b":`+entryText(`"every":"5m"`)+`,"c":`+entryText(`"every":"5m"`)+`}}`)
		r := s.runner()
		r.cfg.Start = func(ctx context.Context, key string, q refresh.Request) (refresh.Receipt, error) {
			switch {
			case strings.Contains(key, "/a/"):
				panic("a is broken")
			case strings.Contains(key, "/b/") && time.Now().Before(utc(t, "2000-01-01T00:08")):
				return refresh.Receipt{}, errors.New("not now")
			}
			return s.starts.start(ctx, key, q)
		}
		for range 12 {
			s.tick(r)
			time.Sleep(time.Minute)
		}
		s.wantSlots("b 2000-01-01T00:05Z", "b 2000-01-01T00:10Z", "c 2000-01-01T00:05Z", "c 2000-01-01T00:10Z")
	})
}

func TestLateStartsAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m"`))
		s.tick(s.runner())
		until("00:34")
		s.tick(s.runner())
		if log := s.logged(); !strings.Contains(log, "event=schedule.late") || !strings.Contains(log, "seconds=240") {
			t.Errorf("%s", log)
		}
	})
}

// skewed is a store whose clock differs from the local one.
type skewed struct {
	lease.Store
	by time.Duration
}

func (s *skewed) Read(ctx context.Context, name string) (lease.Document, error) {
	doc, err := s.Store.Read(ctx, name)
	doc.Date = doc.Date.Add(s.by)
	return doc, err
}

// The store's clock decides. One instance whose clock is hours off starts nothing early,
// nothing late, and nothing twice.
func TestLocalClocksDecideNothing(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{-5 * time.Hour, 5 * time.Hour, -30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, fileText(`"every":"30m"`))
			r := s.runner()
			r.cfg.Store = &skewed{s.store, by}
			first := time.Now().Add(by).Truncate(30 * time.Minute).Add(30 * time.Minute)
			s.tick(r)
			for range 30 {
				time.Sleep(time.Minute)
				s.tick(r)
			}
			for key, at := range s.starts.ops {
				if late := at.Add(by).Sub(first); !strings.Contains(key, slotText(first)) || late < 0 || late > time.Minute {
					t.Errorf("off by %v: %s was started at %v of the store's clock", by, key, at.Add(by))
				}
			}
			if len(s.starts.ops) != 1 {
				t.Errorf("off by %v: %v", by, s.starts.ops)
			}
		})
	}
}

func TestProgressThatCannotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m"`))
		s.memory.Overwrite(progressName, []byte(`{"schema":99}`), nil)
		if _, err := s.runner().Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "newer version") {
			t.Errorf("%v", err)
		}
		if _, err := s.runner().List(t.Context()); err == nil {
			t.Error("listed as if nothing were wrong")
		}
		doc, err := s.memory.Read(t.Context(), progressName)
		if err == nil {
			err = s.memory.Delete(t.Context(), progressName, doc.Version) // as the message says
		}
		if err != nil {
			t.Fatal(err)
		}
		s.tick(s.runner())
		until("00:30")
		s.tick(s.runner())
		s.wantSlots("e 2000-01-01T00:30Z")
	})
}

// What the file says meanwhile does not make a slot another one; entry, time and model do.
func TestKeyedStandsForTheSlot(t *testing.T) {
	t.Parallel()
	var got []refresh.Request
	start := Keyed(func(_ context.Context, r refresh.Request) (refresh.Receipt, error) {
		got = append(got, r)
		return refresh.Receipt{}, nil
	})
	ask := machine.Ask{MaxAttempts: 3}
	for i, key := range []string{"a", "a", "b"} {
		if _, err := start(t.Context(), key, refresh.Request{Model: model(), Ask: machine.Ask{MaxAttempts: ask.MaxAttempts + i}}); err != nil {
			t.Fatal(err)
		}
	}
	if got[0].Key != got[1].Key || got[0].Key == got[2].Key || got[0].Key == (machine.Key{}) || got[1].Ask.MaxAttempts != 4 {
		t.Errorf("%+v", got)
	}
}
