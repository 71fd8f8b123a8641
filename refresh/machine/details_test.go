package machine

import (
	"slices"
	"testing"
	"time"
)

// partitions is a shape that details can tell of.
func partitions() Shape {
	return Shape{Kind: Enhanced, Objects: []Object{{"Sales", "2025"}, {"Sales", "2026"}}}
}

func TestWhatDetailsCanTell(t *testing.T) {
	t.Parallel()
	on, off := true, false
	for name, tc := range map[string]struct {
		change func(*Shape)
		told   bool
	}{
		"partitions":                       {func(*Shape) {}, true},
		"partitions, without a policy":     {func(s *Shape) { s.ApplyPolicy = &off }, true},
		"partitions, with a policy":        {func(s *Shape) { s.ApplyPolicy = &on }, false},
		"of a date":                        {func(s *Shape) { s.EffectiveDate = "2026-01-01" }, false},
		"another type":                     {func(s *Shape) { s.Type = "DataOnly" }, true},
		"the whole model":                  {func(s *Shape) { s.Objects = nil }, false},
		"the whole model, in batches":      {func(s *Shape) { s.Objects, s.CommitMode, s.ApplyPolicy = nil, partialBatch, &off }, false},
		"a table":                          {func(s *Shape) { s.Objects[0].Partition = "" }, false},
		"a table, without a policy":        {func(s *Shape) { s.Objects[0].Partition, s.ApplyPolicy = "", &off }, false},
		"a table, in batches":              {func(s *Shape) { s.Objects[0].Partition, s.CommitMode = "", partialBatch }, false},
		"a table, in batches, no policy":   {func(s *Shape) { s.Objects[0].Partition, s.CommitMode, s.ApplyPolicy = "", partialBatch, &off }, true},
		"a table, in batches, with policy": {func(s *Shape) { s.Objects[0].Partition, s.CommitMode, s.ApplyPolicy = "", partialBatch, &on }, false},
	} {
		s := partitions()
		tc.change(&s)
		if s.shownByDetails() != tc.told {
			t.Errorf("%s: want %v", name, tc.told)
		}
	}
}

func TestDetailsOfTheSameRefresh(t *testing.T) {
	t.Parallel()
	object := func(i int, change func(*Progress)) func(*Row) {
		return func(r *Row) { change(&r.Objects[i]) }
	}
	for name, tc := range map[string]struct {
		change func(*Row)
		same   bool
	}{
		"as asked":              {func(*Row) {}, true},
		"in other capitals":     {func(r *Row) { r.Asked = Asked{"FULL", "transactional"}; r.Objects[0].Status = "completed" }, true},
		"in another order":      {func(r *Row) { slices.Reverse(r.Objects) }, true},
		"another type":          {func(r *Row) { r.Asked.Type = "Calculate" }, false},
		"no type":               {func(r *Row) { r.Asked.Type = "" }, false},
		"another mode":          {func(r *Row) { r.Asked.CommitMode = "PartialBatch" }, false},
		"no mode":               {func(r *Row) { r.Asked.CommitMode = "" }, false},
		"no objects":            {func(r *Row) { r.Objects = nil }, false},
		"one less":              {func(r *Row) { r.Objects = r.Objects[1:] }, false},
		"one more":              {func(r *Row) { r.Objects = append(r.Objects, Progress{Table: "Stock", Status: "Completed"}) }, false},
		"one twice":             {object(0, func(p *Progress) { p.Partition = "2026" }), false},
		"another":               {object(1, func(p *Progress) { p.Partition = "2024" }), false},
		"of another table":      {object(1, func(p *Progress) { p.Table = "sales" }), false},
		"the table":             {object(0, func(p *Progress) { p.Partition = "" }), false},
		"one that failed":       {object(1, func(p *Progress) { p.Status = "Failed" }), false},
		"one without a status":  {object(1, func(p *Progress) { p.Status = "" }), false},
		"one that was disabled": {object(0, func(p *Progress) { p.Status = "Disabled" }), false},
	} {
		row := Row{Asked: Asked{"Full", "Transactional"}, Objects: progressOf("Sales/2025:Completed,Sales/2026:Completed")}
		tc.change(&row)
		if partitions().sameAs(row) != tc.same {
			t.Errorf("%s: want %v", name, tc.same)
		}
	}
}

// Nothing but the whole of it adopts a row by its details: each doubt alone is enough.
func TestEachDoubtKeepsARowFromBeingAdopted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		history func(*Row)
		details func(*Row)
		adopted bool
	}{
		"no doubt":                  {func(*Row) {}, func(*Row) {}, true},
		"began before":              {func(r *Row) { r.Start = joinTime.Add(-3e9) }, func(*Row) {}, false},
		"its details: began before": {func(*Row) {}, func(r *Row) { r.Start = joinTime.Add(-3e9) }, false},
		"its details: no start":     {func(*Row) {}, func(r *Row) { r.Start = joinTime.AddDate(-9, 0, 0) }, false},
		"failed":                    {func(r *Row) { r.State = RowFailed }, func(*Row) {}, false},
		"its details: at work":      {func(*Row) {}, func(r *Row) { r.State = RowInProgress }, false},
		"its details: failed":       {func(*Row) {}, func(r *Row) { r.State = RowFailed }, false},
		"its details: of another":   {func(*Row) {}, func(r *Row) { r.ID = "Y" }, false},
		"other objects":             {func(*Row) {}, func(r *Row) { r.Objects = r.Objects[1:] }, false},
		"another kind":              {func(r *Row) { r.Type = "ReliableProcessing" }, func(*Row) {}, false},
		"no id":                     {func(r *Row) { r.ID = "" }, func(*Row) {}, false},
	} {
		s, rules, now := NewState(testModel, "e"), DefaultRules(), joinTime
		ask := wholeModel()
		ask.Shape = partitions()
		next := func(e Event) {
			t.Helper()
			before := s
			s, _ = rules.Next(s, e)
			checkStep(t, before, s)
		}
		next(Arrive{At: At(now), Nonce: "ana", Ask: ask})
		next(Tick{At: At(now), Txn: "t"})
		next(Answered{At: At(now), Txn: "t", Answer: Answer{Kind: Lost}})
		now = now.Add(2 * time.Minute)
		row := Row{ID: "X", Type: "ViaEnhancedApi", Start: joinTime.Add(5e9), End: now, State: RowCompleted}
		tc.history(&row)
		detail := Row{ID: "X", Start: row.Start, End: now, State: RowCompleted, Asked: Asked{"Full", "Transactional"},
			Objects: progressOf("Sales/2025:Completed,Sales/2026:Completed")}
		tc.details(&detail)
		for range 3 {
			next(Observed{At: At(now), Txn: "t", SentAt: now, Rows: []Row{row}})
			next(Observed{At: At(now), Txn: "t", SentAt: now, Detail: true, Rows: []Row{detail}})
		}
		if op, _ := s.Find(1); tc.adopted != (op.Phase == Succeeded) || tc.adopted != op.Tries[0].Adopted {
			t.Errorf("%s: %s, adopted %v", name, op.Phase, op.Tries[0].Adopted)
		}
	}
}

// A look may be fed twice (its first write was not confirmed), or after one that was sent
// later (by another process). It counts once, and not as one that came afterwards.
func TestALookThatIsFedTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	r, s := settling(t)
	for _, after := range []time.Duration{3 * time.Minute, 3 * time.Minute, 9 * time.Minute, 9 * time.Minute} {
		at := joinTime.Add(after)
		s, _ = r.Next(s, Observed{At: At(at), SentAt: at, Txn: "t", Fuzz: time.Second})
	}
	if s.Attempt == nil || s.Attempt.Settle.Reads != 2 {
		t.Fatalf("two quiet reads settled: %+v", s.Attempt)
	}
	at := joinTime.Add(10 * time.Minute)
	if s, _ = r.Next(s, Observed{At: At(at), SentAt: at, Txn: "t", Fuzz: time.Second}); s.Attempt != nil {
		t.Errorf("three did not: %+v", s.Attempt)
	}
}

// Another process read the history at the same time as this one did, and its answer comes
// when the details were read: what has begun since is not in it.
func TestAHistoryOfBeforeTheDetailsProvesNothing(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	s.command("arrive ana tables=Sales/2025 commit=transactional")
	s.command("answer lost")
	s.now = s.now.Add(75 * time.Second)
	older := s.observation([]string{"H1:completed:ViaEnhancedApi:-70s"})
	s.command("look H1:completed:ViaEnhancedApi:-70s")
	s.now = s.now.Add(5 * time.Second)
	s.command("look detail H1:completed:ViaEnhancedApi:-75s asked=full/Transactional objects=Sales/2025:Completed")
	s.feed(older)
	if op, _ := s.state.Find(1); op.Phase != Settling {
		t.Fatalf("the operation is %s by what was read before", op.Phase)
	}
	s.command("look H1:completed:ViaEnhancedApi:-75s")
	if op, _ := s.state.Find(1); op.Phase != Succeeded {
		t.Errorf("the operation is %s", op.Phase)
	}
}
