package simulation

import (
	"slices"
	"strings"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// sight is what a process saw at work in a history.
type sight struct {
	by     string
	at     time.Time
	atWork []string // ids; none if the look failed
}

// saw gets what a process learns by an observation. A failed one counts, without content.
func (o *oracle) saw(by string, m machine.Model, s refresh.Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.Detail {
		return
	}
	seen := sight{by: by, at: time.Now()}
	for _, r := range s.Rows {
		if s.Err == nil && r.State == machine.RowInProgress && r.ID != "" {
			seen.atWork = append(seen.atWork, r.ID)
		}
	}
	o.sights[m] = seen
}

// watched: while an attempt is watched for, the history is read before each POST, and if
// the same process then sees its refresh at work, nothing is posted beside it.
func (o *oracle) watched(by string, next machine.State) {
	last := o.sights[next.Model]
	if next.Attempt.Stage != machine.StageStarting || len(next.Abandoned) == 0 {
		return
	}
	if ago := time.Since(last.at); ago > time.Minute {
		o.note("G1: intent %s was saved beside an attempt on watch, %v after the last look", next.Attempt.Txn, ago)
	}
	if last.by != by {
		return
	}
	for _, w := range next.Abandoned {
		if w.RefreshID == "" {
			continue
		}
		o.w.cover.hit("intent beside a watched attempt")
		r, found := o.w.refreshNamed(next.Model, w.RefreshID)
		shown := slices.ContainsFunc(last.atWork, func(id string) bool { return strings.EqualFold(id, w.RefreshID) })
		if found && r.Ended.IsZero() && shown {
			o.note("G1: intent %s was saved while %s, of an attempt on watch, was seen at work", next.Attempt.Txn, w.RefreshID)
		}
	}
}

// revived counts how attempts come back from the watch list.
func (o *oracle) revived(prev machine.State, a *machine.Attempt) {
	for _, w := range prev.Abandoned {
		switch {
		case w.Txn != a.Txn:
		case w.RefreshID != "":
			o.w.cover.hit("watched attempt came back by its id")
		default:
			o.w.cover.hit("watched attempt came back without a name")
		}
	}
}
