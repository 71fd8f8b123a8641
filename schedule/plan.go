package schedule

import (
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	// onTime is by how much a slot may be late and is still started: for a slow start of
	// the app, a lost tick, or storage that could not be reached.
	onTime = 10 * time.Minute

	lookBack  = 8 * 24 * time.Hour // longer than any grace: missed slots before are not even counted
	planAhead = time.Hour          // a plan is made again at least so often
	retryIn   = time.Minute        // the timer's own pace
)

// Run is one slot of a target that is to be started now.
type Run struct {
	Entry   *Entry
	Request refresh.Request
	Slot    time.Time
	Late    time.Duration // behind the planned start
	Missed  int           // slots before it that are given up
}

// lane is what is due for one target, oldest first. Its runs are carried out one after
// another; one that cannot be carried out now delays those behind it.
type lane struct {
	Entry  *Entry
	Model  machine.Model
	Target string
	Runs   []Run
	GiveUp *Done // slots for which it is too late, if no run comes after them
}

// duePlan is what is to be done at a moment.
type duePlan struct {
	Lanes []lane
	Next  time.Time // nothing will be due before
}

// newPlan plans what is due. The state must have adopted the file.
//
// Every slot that is at most onTime late is started. Of later slots none is, or, with
// catchUp once, the newest within the grace, unless a slot that is on time follows it.
// Nothing is started inside a blackout window.
func newPlan(f *File, s State, now time.Time) duePlan {
	plan := duePlan{Next: now.Add(planAhead)}
	for i := range f.Entries {
		e := &f.Entries[i]
		for _, r := range e.Requests {
			p, known := s.Targets[targetName(e.Name, r.Model)]
			if !e.Enabled || !known {
				continue
			}
			lane, next := e.lane(r, p, now)
			if len(lane.Runs) > 0 || lane.GiveUp != nil {
				plan.Lanes = append(plan.Lanes, lane)
			}
			if next.Before(plan.Next) {
				plan.Next = next
			}
		}
	}
	return plan
}

// lane plans one target, and returns when something will be due for it.
func (e *Entry) lane(r refresh.Request, p Progress, now time.Time) (lane, time.Time) {
	lane := lane{Entry: e, Model: r.Model, Target: targetName(e.Name, r.Model)}
	due, next := e.due(r.Model, p.Through, now)
	if len(due) == 0 {
		return lane, next
	}
	if e.blackedOut(now) {
		return lane, now.Add(retryIn)
	}
	missed := 0
	var start time.Time
	for i, slot := range due {
		if own := e.Start(r.Model, slot); own.After(start) {
			start = own // else it waited for the slot before it
		}
		late := now.Sub(start)
		catchUp := i == len(due)-1 && e.CatchUp == CatchUpOnce && late <= e.Grace
		if late > onTime && !catchUp {
			missed++
			continue
		}
		lane.Runs = append(lane.Runs, Run{Entry: e, Request: r, Slot: slot, Late: late, Missed: missed})
		missed = 0
	}
	if missed > 0 {
		lane.GiveUp = &Done{Target: lane.Target, Timing: p.Timing, Result: Result{
			Slot: due[len(due)-1], At: now, Outcome: Missed, Code: CodeSlotMissed, Missed: missed - 1,
			Message: "The slot passed while nothing could be started: the app was down, the state storage could not be used, or a blackout window lay over it.",
		}}
	}
	return lane, next
}

// CodeSlotMissed is the code of a slot for which nothing was started in time.
const CodeSlotMissed = "SlotMissed"

// due returns the slots whose start is not after now, and the next start. A slot waits for
// the one before it, which jitter may have delayed beyond it.
func (e *Entry) due(m machine.Model, through, now time.Time) ([]time.Time, time.Time) {
	if earliest := now.Add(-lookBack); through.Before(earliest) {
		through = earliest
	}
	var due []time.Time
	for slot := range slotsOf(e, through, now.Add(planAhead)) {
		if start := e.Start(m, slot); start.After(now) {
			return due, start
		}
		due = append(due, slot)
	}
	return due, now.Add(planAhead)
}
