package machine

import (
	"encoding/json"
	"testing"
	"time"
)

// settling is a model whose attempt, intended at joinTime, is to be settled.
func settling(t *testing.T) (Rules, State) {
	t.Helper()
	r, s := DefaultRules(), NewState(testModel, "e")
	s.Last = 1
	s.Pending = []Operation{{Number: 1, Nonce: "first", Created: joinTime, Deadline: joinTime.Add(12 * time.Hour),
		Shape: Shape{Kind: Standard}, MaxAttempts: 3, Phase: Queued}}
	s, _ = r.Next(s, Tick{At: At(joinTime), Txn: "t"})
	s, _ = r.Next(s, Answered{At: At(joinTime.Add(time.Second)), Txn: "t", Answer: Answer{Kind: Lost}})
	return r, s
}

// look is a history with one ended row, as a look two minutes after the intent
// showed it.
func look(row Row, skew time.Duration) Observed {
	at := joinTime.Add(2 * time.Minute)
	return Observed{At: At(at), SentAt: at, Txn: "t", Rows: []Row{row}, Skew: skew, Fuzz: 2 * time.Second}
}

func standardRow(start time.Time) Row {
	return Row{ID: "R", Type: "ViaApi", State: RowCompleted, Start: start, End: start.Add(10 * time.Second)}
}

// A row tells the time by the clock as it was when the refresh began. Before the jump
// of a minute the clocks agreed, and a look had measured that.
func TestARowIsDatedByEveryClockItMayHave(t *testing.T) {
	t.Parallel()
	agreed := &ClockSkew{Least: -2 * time.Second, Most: 2 * time.Second, Since: joinTime.Add(-time.Hour)}
	for name, tc := range map[string]struct {
		row   Row
		skew  time.Duration
		known *ClockSkew
		want  Phase
		weigh int // rows that may be ours
	}{
		"ours, and no jump":                             {standardRow(joinTime.Add(3 * time.Second)), 0, agreed, Succeeded, 1},
		"ours, and nothing known from before":           {standardRow(joinTime.Add(3 * time.Second)), 0, nil, Succeeded, 1},
		"began before; Power BI's clock went back":      {standardRow(joinTime.Add(-30 * time.Second)), -time.Minute, agreed, Settling, 1},
		"began before, as the clock of before tells":    {standardRow(joinTime.Add(-30 * time.Second)), 0, agreed, Settling, 1},
		"ours; storage's clock went back five minutes":  {standardRow(joinTime.Add(3 * time.Second)), 5 * time.Minute, agreed, Settling, 1},
		"long before; storage's clock is as it was":     {standardRow(joinTime.Add(-5 * time.Minute)), 0, agreed, Settling, 0},
		"ours by the clock of now, measured a year ago": {standardRow(joinTime.Add(time.Minute + 3*time.Second)), time.Minute, &ClockSkew{Since: joinTime.AddDate(-1, 0, 0)}, Succeeded, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, s := settling(t)
			s.ClockSkew = tc.known
			s, _ = r.Next(s, look(tc.row, tc.skew))
			op, _ := s.Find(1)
			if op.Phase != tc.want || len(s.Attempt.Settle.Known) != tc.weigh {
				t.Errorf("the operation is %s, %d rows may be ours", op.Phase, len(s.Attempt.Settle.Known))
			}
		})
	}
}

// The offset is the same for days, so that nothing new is measured; then a clock jumps
// between the intent and the look.
func TestAJumpIsNoticedHoweverLongNothingWasNew(t *testing.T) {
	t.Parallel()
	r, s := settling(t)
	see := func(before time.Duration) {
		at := joinTime.Add(-before)
		s, _ = r.Next(s, Observed{At: At(at), SentAt: at, Skew: time.Minute, Fuzz: 2 * time.Second})
	}
	see(24*time.Hour - time.Minute)
	see(time.Minute)
	s, _ = r.Next(s, look(standardRow(joinTime.Add(30*time.Second)), 0)) // half a minute before the intent, then
	if op, _ := s.Find(1); op.Phase != Settling {
		t.Errorf("the operation is %s, the clocks are %+v", op.Phase, s.ClockSkew)
	}
}

// A refresh that another attempt knows by its id is not ours, whatever the clocks say.
func TestARowOfAnotherAttemptIsNeverAdopted(t *testing.T) {
	t.Parallel()
	r, s := settling(t)
	s.Recent = []Operation{{Number: 7, Phase: Succeeded, Tries: []Try{{Txn: "earlier", RefreshID: "r", Outcome: OutcomeCompleted}}}}
	s, _ = r.Next(s, look(standardRow(joinTime.Add(3*time.Second)), 0))
	if op, _ := s.Find(1); op.Phase != Settling || len(s.Attempt.Settle.Known) != 0 {
		t.Errorf("the operation is %s, weighed %v", op.Phase, s.Attempt.Settle.Known)
	}
}

// Looks narrow what the clocks may be as long as none jumped; a jump is remembered for a day.
func TestClocksAreMeasured(t *testing.T) {
	t.Parallel()
	r, s := settling(t)
	see := func(after, skew, fuzz time.Duration) ClockSkew {
		at := joinTime.Add(after)
		s, _ = r.Next(s, Observed{At: At(at), SentAt: at, Txn: "t", Skew: skew, Fuzz: fuzz})
		return *s.ClockSkew
	}
	sec := time.Second
	for _, step := range []struct {
		after, skew, fuzz, least, most time.Duration
	}{
		{0, 10 * sec, 2 * sec, 8 * sec, 12 * sec},
		{sec, 11 * sec, 2 * sec, 9 * sec, 12 * sec}, // both allow no more
		{2 * sec, 9 * sec, 2 * sec, 9 * sec, 11 * sec},
		{3 * sec, 10 * sec, 20 * sec, 9 * sec, 11 * sec}, // too slow to tell
		{4 * sec, 60 * sec, 20 * sec, 9 * sec, 80 * sec}, // and yet a jump
		{5 * sec, 60 * sec, 2 * sec, 9 * sec, 80 * sec},  // nothing is narrowed after one
		{25 * time.Hour, 0, 2 * sec, -2 * sec, 80 * sec}, // another jump
		{50 * time.Hour, 0, 2 * sec, -2 * sec, 2 * sec},  // a day without one
		{51 * time.Hour, sec, 2 * sec, -sec, 2 * sec},    // and so on
	} {
		if got := see(step.after, step.skew, step.fuzz); got.Least != step.least || got.Most != step.most {
			t.Errorf("after %v: %v to %v, want %v to %v", step.after, got.Least, got.Most, step.least, step.most)
		}
	}
	if s, _ = r.Next(s, Observed{At: At(joinTime.Add(52 * time.Hour)), Txn: "t", Err: &Fault{}, Skew: time.Hour}); s.ClockSkew.Most != 2*sec {
		t.Errorf("a look that failed measured %v", s.ClockSkew.Most)
	}
}

// A row that began 1.2 s after the intent: one look cannot prove it, several together do,
// unless the clocks were another before the intent, or another row was weighed as well.
func TestSeveralLooksProveWhatOneCannot(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	for name, tc := range map[string]struct {
		before *ClockSkew
		skews  []time.Duration
		other  bool
		want   Phase
	}{
		"one look":                               {nil, []time.Duration{0}, false, Settling},
		"three looks":                            {nil, []time.Duration{0, 500 * ms, -900 * ms}, false, Succeeded},
		"three looks that say the same":          {nil, []time.Duration{0, 0, 0}, false, Settling},
		"the looks before allow no less":         {&ClockSkew{Since: joinTime.Add(-time.Hour), Before: &Span{Least: -time.Second, Most: time.Second}}, []time.Duration{0, 0, -900 * ms}, false, Succeeded},
		"a jump of a second, back, by the looks": {&ClockSkew{Since: joinTime.Add(-time.Hour), Before: &Span{Least: time.Second, Most: 1300 * ms}}, []time.Duration{0, 0, -900 * ms}, false, Settling},
		"a second row that is gone":              {nil, []time.Duration{0, 500 * ms, -900 * ms}, true, Settling},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, s := settling(t)
			s.ClockSkew = tc.before
			for i, skew := range tc.skews {
				e := look(standardRow(joinTime.Add(1200*ms)), skew)
				e.SentAt = e.SentAt.Add(time.Duration(i) * time.Second)
				if tc.other && i == 0 {
					other := standardRow(joinTime)
					other.ID = "other"
					e.Rows = append(e.Rows, other)
				}
				s, _ = r.Next(s, e)
			}
			if op, _ := s.Find(1); op.Phase != tc.want {
				t.Errorf("the operation is %s, want %s; the clocks are %+v", op.Phase, tc.want, s.ClockSkew)
			}
		})
	}
}

// What a newer version has to say of the clocks stays with what is known of them.
func TestMeasuringKeepsWhatIsUnknown(t *testing.T) {
	t.Parallel()
	r, s := settling(t)
	for _, skew := range []time.Duration{0, time.Minute} {
		s.ClockSkew = &ClockSkew{Since: joinTime.AddDate(-1, 0, 0), Unknown: Unknown{"new": json.RawMessage("1")}}
		if s, _ = r.Next(s, Observed{At: At(joinTime), SentAt: joinTime, Skew: skew, Fuzz: time.Second}); !s.ClockSkew.Since.Equal(joinTime) || len(s.ClockSkew.Unknown) != 1 {
			t.Errorf("measured %v: %+v", skew, s.ClockSkew)
		}
	}
}
