package machine

import (
	"slices"
	"time"
)

const (
	watchFor   = LongestRefresh  // as long as a refresh can be at work unseen
	maxWatched = 8               // of one model
	glanceFor  = 5 * time.Second // how long a look before a POST is good for
)

// giveUp takes an attempt back whose outcome stays unknown, and watches for it. One
// that came back without a name is not watched for again: a model that others refresh
// all the time would never be refreshed by us.
func (m *machine) giveUp(a *Attempt) {
	m.clearAttempt()
	if a.Again {
		return
	}
	w := Watched{Txn: a.Txn, Named: a.Named, Kind: a.Kind, Intent: a.Intent, Until: m.now.Add(watchFor), Weighed: len(a.Settle.Known) > 0}
	if !a.Adopted {
		w.RefreshID = a.RefreshID
	}
	m.watchFor(w)
}

// watchFor puts an attempt on the watch list, in the place of what was known of it.
func (m *machine) watchFor(w Watched) {
	m.unwatch(w.Txn)
	m.Watch = append(m.Watch, w)
	m.Watch = m.Watch[max(0, len(m.Watch)-maxWatched):]
}

func (m *machine) unwatch(txn string) {
	m.Watch = slices.DeleteFunc(m.Watch, func(w Watched) bool { return w.Txn == txn })
}

// forget drops what has not appeared in time.
func (m *machine) forgetWatched() {
	m.Watch = slices.DeleteFunc(m.Watch, func(w Watched) bool { return !w.Appeared && !m.now.Before(w.Until) })
}

// owed are the operations that still wait, and whose latest attempt it was.
func (m *machine) owed(txn string) []int64 {
	var numbers []int64
	for _, op := range m.Pending {
		if n := len(op.Tries); n > 0 && op.Tries[n-1].Txn == txn {
			numbers = append(numbers, op.Number)
		}
	}
	return numbers
}

// uncertain reports whether the history is to be read before a POST, since an attempt
// is watched for. A read that fails proves nothing and is not waited for: the POST's own
// answer reports whether the model is busy. A look of an earlier stay in the critical section
// does not count, however young it seems: the storage service's clock may have jumped since.
func (s *State) uncertain(now time.Time) bool {
	return len(s.Watch) > 0 && (!s.looked || now.Sub(s.Glanced).Abs() > glanceFor)
}

// looks records that the history was read.
func (m *machine) looks() { m.Glanced, m.looked = m.now, true }

// neverEnds gives up on a refresh of ours that Power BI shows at work for longer than
// any can be: it does not tell, and must not occupy the model for ever.
func (m *machine) neverEnds(a *Attempt) {
	m.eachServed(func(op *Operation) { m.failedTry(op, OutcomeUnknown, endless(), m.now) })
	m.giveUp(a)
}

func endless() *Fault {
	return &Fault{Code: CodeOutcomeUnknown,
		Message: "Power BI shows the refresh at work for longer than a refresh can take.",
		Remedy:  "Look at the refresh history of the model in the Power BI portal, and at its data."}
}
