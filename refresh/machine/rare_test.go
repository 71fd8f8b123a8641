package machine

import (
	"testing"
	"time"
)

// rareStep is a step that takes two things at once, such as a late answer between two
// attempts; no story gets there, since each of its events is followed by a Tick.
type rareStep struct {
	name  string
	state State
	event Event
	want  map[int64]Phase // of each operation
	stage Stage           // of the attempt, if there is one
}

// rareSteps are the steps of these tests, for each phase in which an operation waits.
func rareSteps() (steps []rareStep) {
	now := time.Unix(1780000000, 0).UTC()
	tick, late := Tick{At: At(now), Txn: "t9"}, Answered{At: At(now), Txn: "t0", Answer: Answer{Kind: Accepted, RefreshID: "r0"}}
	for _, waits := range []Phase{Queued, Blocking, Retrying} {
		s := NewState(testModel, "e")
		s.Last = 2
		served := Operation{Number: 1, Phase: waits, Shape: Shape{Kind: Enhanced}, Deadline: now.Add(time.Hour), MaxAttempts: 3,
			Tries: []Try{{Txn: "t1", Kind: Enhanced, Intent: now.Add(-time.Hour), Outcome: OutcomeDropped}}}
		rejecting := Operation{Number: 2, Phase: waits, Shape: Shape{Kind: Enhanced}, Deadline: now.Add(time.Hour), MaxAttempts: 3, Reject: true}
		s.Pending = []Operation{served, rejecting}
		named, nameless, foreign := s, s, s
		abandoned := Abandoned{Txn: "t1", Kind: Enhanced, Intent: now.Add(-time.Hour), Until: now.Add(time.Hour), Appeared: true}
		nameless.Abandoned = []Abandoned{abandoned}
		abandoned.RefreshID = "r1"
		named.Abandoned = []Abandoned{abandoned}
		foreign.Foreign = &Foreign{Since: now.Add(-time.Minute)}
		for _, e := range []Event{tick, late} {
			steps = append(steps,
				rareStep{string(waits) + ", an abandoned attempt with an id is there, " + eventName(e), named, e, map[int64]Phase{1: Running, 2: Failed}, StageRunning},
				rareStep{string(waits) + ", one without, " + eventName(e), nameless, e, map[int64]Phase{1: Settling, 2: Failed}, StageSettling})
		}
		atWork := Observed{At: At(now), SentAt: now, Rows: []Row{{ID: "x", State: RowInProgress, Start: now}}}
		steps = append(steps, rareStep{string(waits) + ", a foreign refresh is at work", foreign, atWork, map[int64]Phase{1: waits, 2: Failed}, ""})
	}
	return append(steps, recognised(now))
}

// recognised: a refresh that is being cancelled is listed under another id than its 202
// named, and its details show that it is ours, and has completed.
func recognised(now time.Time) rareStep {
	s := NewState(testModel, "e")
	s.Last = 1
	shape := Shape{Kind: Enhanced, ApplyPolicy: new(bool), CommitMode: partialBatch, Objects: []Object{{Table: "A"}}}
	s.Pending = []Operation{{Number: 1, Phase: Cancelling, Cancel: true, Shape: shape, Deadline: now.Add(time.Hour),
		Tries: []Try{{Txn: "t1", RefreshID: "r1", Kind: Enhanced, Intent: now.Add(-time.Hour), Outcome: OutcomePending}}}}
	s.Attempt = &Attempt{Txn: "t1", Serves: []int64{1}, Stage: StageCancelling, Kind: Enhanced, Shape: shape, RefreshID: "r1",
		Intent: now.Add(-time.Hour), Accepted: now.Add(-time.Hour), Deleted: true, Candidate: &Candidate{RefreshID: "h1", Same: true}}
	row := Row{ID: "h1", Type: "ViaEnhancedApi", State: RowCompleted, Start: now.Add(-30 * time.Minute), End: now}
	return rareStep{"a cancelled refresh under another id", s, Observed{At: At(now), SentAt: now, Txn: "t1", Rows: []Row{row}}, map[int64]Phase{1: Succeeded}, StageSettling}
}

func TestRareSteps(t *testing.T) {
	t.Parallel()
	for _, step := range rareSteps() {
		checkDecoded(t, step.state)
		s, _ := DefaultRules().Next(step.state, step.event)
		checkStep(t, step.state, s)
		for number, want := range step.want {
			if op, _ := s.Find(number); op.Phase != want {
				t.Errorf("%s: operation %d is %s, want %s", step.name, number, op.Phase, want)
			}
		}
		if s.Attempt == nil && step.stage != "" || s.Attempt != nil && s.Attempt.Stage != step.stage {
			t.Errorf("%s: got the attempt %+v, want stage %q", step.name, s.Attempt, step.stage)
		}
	}
}

// checkDecoded: a state that a test made by hand can be stored.
func checkDecoded(t *testing.T, s State) {
	t.Helper()
	if _, err := Decode(mustEncode(t, s)); err != nil {
		t.Fatal(err)
	}
}
