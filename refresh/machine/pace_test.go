package machine

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestPaceByStage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	shape := Shape{Kind: Auto}
	for _, tc := range []struct {
		name    string
		attempt Attempt
		want    time.Duration
	}{
		{"settling", Attempt{Stage: StageSettling}, 30 * time.Second},
		{"accepted, and not to be seen", Attempt{Stage: StageRunning, Looks: 2}, 30 * time.Second},
		{"accepted just now", Attempt{Stage: StageRunning, Looks: 1, Accepted: now.Add(-8 * time.Second)}, 2 * time.Second},
		{"running, seen", Attempt{Stage: StageRunning, Looks: 2, Seen: true, Accepted: now.Add(-40 * time.Second)}, 10 * time.Second},
		{"being cancelled", Attempt{Stage: StageCancelling, Accepted: now.Add(-time.Hour)}, cancelRecheck},
		{"being cancelled for long", Attempt{Stage: StageCancelling, Looks: 8, Accepted: now.Add(-time.Hour)}, time.Minute},
	} {
		m := machine{Rules: Rules{SettleWindow: 5 * time.Minute}, now: now}
		tc.attempt.Shape = shape
		if got := m.pace(&tc.attempt); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// A deadline is looked at when it passes, since only a look can confirm it, and pace
// goes on from there.
func TestDeadlinesAreLookedAt(t *testing.T) {
	t.Parallel()
	m := machine{State: viewed(Running), Rules: DefaultRules()}
	m.Attempt.Seen = true
	for left, want := range map[time.Duration]time.Duration{
		time.Hour: paceCap, 12 * time.Second: 12 * time.Second, time.Millisecond: paceFloor, 0: paceCap, -time.Hour: paceCap,
	} {
		m.now = m.Pending[0].Deadline.Add(-left)
		m.Attempt.Accepted = m.now.Add(-time.Hour)
		if got := m.nextLook(m.Attempt); got != want {
			t.Errorf("%v before the deadline: in %v, want %v", left, got, want)
		}
	}
}

// What was learnt about a shape tells when to look, and callers what to expect.
func TestExperienceOfAShape(t *testing.T) {
	t.Parallel()
	s := viewed(Running)
	before := s.View(s.Pending[0], "first", joinTime.Add(10*time.Minute))
	if before.Percent != -1 || !before.ExpectedEnd.IsZero() {
		t.Errorf("without experience: %d %%, %v", before.Percent, before.ExpectedEnd)
	}
	for range 6 {
		s.learn(s.Attempt.Shape.Key(), 40*time.Minute)
		s.learn(full("A").Key(), time.Minute)
	}
	m := machine{State: s, Rules: DefaultRules(), now: joinTime.Add(10 * time.Minute)}
	m.Attempt.Looks, m.Attempt.Seen = 3, true
	far := m.pace(m.Attempt)
	m.now = joinTime.Add(39 * time.Minute)
	if near := m.pace(m.Attempt); far < 4*near {
		t.Errorf("looks %v apart far from the end, and %v near it", far, near)
	}
	v := s.View(s.Pending[0], "first", joinTime.Add(10*time.Minute))
	if v.Percent != 25 || v.ExpectedEnd.Before(joinTime.Add(39*time.Minute)) || v.ExpectedEnd.After(joinTime.Add(42*time.Minute)) {
		t.Errorf("%d %%, until %v", v.Percent, v.ExpectedEnd)
	}
	if v = s.View(s.Pending[0], "first", joinTime.Add(50*time.Minute)); v.Percent != 99 || !v.ExpectedEnd.After(joinTime.Add(50*time.Minute)) {
		t.Errorf("longer than ever: %d %%, until %v", v.Percent, v.ExpectedEnd)
	}
}

// A shape that is refreshed all the time does not drive out what is known of others.
func TestLearn(t *testing.T) {
	t.Parallel()
	s := NewState(testModel, "e")
	s.learn("k", 0)
	s.learn("k", -time.Second)
	if len(s.Durations) != 0 {
		t.Errorf("learnt from clocks that went back: %v", s.Durations)
	}
	s.learn("rare", time.Hour)
	for i := range 100 {
		s.learn("often", time.Duration(i+1)*time.Minute)
	}
	want := []Duration{{Shape: "rare", Length: time.Hour}}
	for i := range keepOfShape {
		want = append(want, Duration{Shape: "often", Length: time.Duration(101-keepOfShape+i) * time.Minute})
	}
	if !reflect.DeepEqual(s.Durations, want) {
		t.Errorf("got %v, want %v", s.Durations, want)
	}
	for i := range 2*keepShapes + 1 {
		s.learn(fmt.Sprint(i), time.Minute)
		s.learn("often", time.Minute)
	}
	if n := len(s.Durations); n != keepOfShape+keepShapes-1 || s.Durations[0].Shape == "rare" {
		t.Errorf("%d: %v", n, s.Durations)
	}
}

func TestLookAgainBacksOff(t *testing.T) {
	t.Parallel()
	want := []time.Duration{2, 4, 8, 16, 32, 60, 60, 60}
	for looks, seconds := range want {
		if got := lookAgain(looks); got != seconds*time.Second {
			t.Errorf("after %d looks: %v, want %v", looks, got, seconds*time.Second)
		}
	}
	if got := lookAgain(1 << 30); got != time.Minute {
		t.Errorf("after very many: %v", got)
	}
}

func TestSettlePace(t *testing.T) {
	t.Parallel()
	for window, want := range map[time.Duration]time.Duration{
		0: paceFloor, time.Second: paceFloor, 30 * time.Second: 5 * time.Second, 3 * time.Minute: paceCap, time.Hour: paceCap,
	} {
		if got := settlePace(window); got != want {
			t.Errorf("window %v: %v, want %v", window, got, want)
		}
	}
}

// Power BI wants to be left alone for a while, and a refresh that came back meanwhile fails
// for two operations, one of which has failed often. No wait of ours makes that shorter.
func TestNoBackoffShortensAThrottling(t *testing.T) {
	t.Parallel()
	s := NewState(testModel, "e")
	until := joinTime.Add(4 * time.Minute)
	s.Hold = &Hold{Since: joinTime, Until: until, Reason: HoldThrottled}
	s.Attempt = &Attempt{Txn: "t", Serves: []int64{1, 2}, Stage: StageRunning, Kind: Enhanced, RefreshID: "R", Accepted: joinTime, Intent: joinTime}
	s.Last = 2
	for i, tries := range []int{6, 1} {
		op := Operation{Number: int64(i + 1), Created: joinTime, Deadline: joinTime.Add(time.Hour), MaxAttempts: 9, Phase: Running}
		op.Tries = slices.Repeat([]Try{{Txn: "t", Outcome: OutcomePending, Intent: joinTime}}, tries)
		s.Pending = append(s.Pending, op)
	}
	s, _ = DefaultRules().Next(s, Observed{At: At(joinTime), SentAt: joinTime, Txn: "t", Detail: true,
		Rows: []Row{{ID: "R", State: RowFailed, Start: joinTime, Fault: &Fault{Transient: true}}}})
	if s.Pending[1].Phase != Retrying || s.Hold.Until.Before(until) {
		t.Errorf("operation 2 is %s, the next POST is held until %v", s.Pending[1].Phase, s.Hold.Until)
	}
}
