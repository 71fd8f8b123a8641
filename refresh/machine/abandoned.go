package machine

import (
	"slices"
	"time"
)

const (
	abandonedFor   = LongestRefresh  // as long as a refresh can be at work unseen
	maxAbandoned   = 8               // of one model
	historyGoodFor = 5 * time.Second // age of a read of the history that a POST may rely on
)

// abandon ends the try of each operation that the attempt serves, removes the attempt,
// whose outcome stays unknown, and remembers it for a day. An attempt that was resumed
// without an id is not remembered again: a model that others refresh all the time would
// never be refreshed by us.
func (m *machine) abandon(a *Attempt, outcome Outcome, fault *Fault) {
	m.eachServed(func(op *Operation) { m.failedTry(op, outcome, fault, m.now) })
	m.clearAttempt()
	if a.Again {
		return
	}
	w := Abandoned{Txn: a.Txn, Named: a.Named, Kind: a.Kind, Intent: a.Intent, Until: m.now.Add(abandonedFor), Ambiguous: len(a.Settle.Known) > 0}
	if !a.Adopted {
		w.RefreshID = a.RefreshID
	}
	m.rememberAbandoned(w)
}

// rememberAbandoned adds an attempt to the list, and replaces an earlier entry of it.
func (m *machine) rememberAbandoned(w Abandoned) {
	m.forgetAbandoned(w.Txn)
	m.Abandoned = append(m.Abandoned, w)
	m.Abandoned = m.Abandoned[max(0, len(m.Abandoned)-maxAbandoned):]
}

func (m *machine) forgetAbandoned(txn string) {
	m.Abandoned = slices.DeleteFunc(m.Abandoned, func(w Abandoned) bool { return w.Txn == txn })
}

// expireAbandoned drops the attempts that did not appear in time.
func (m *machine) expireAbandoned() {
	m.Abandoned = slices.DeleteFunc(m.Abandoned, func(w Abandoned) bool { return !w.Appeared && !m.now.Before(w.Until) })
}

// waitingFor returns the pending operations whose latest attempt was that one.
func (m *machine) waitingFor(txn string) []int64 {
	var numbers []int64
	for _, op := range m.Pending {
		if n := len(op.Tries); n > 0 && op.Tries[n-1].Txn == txn {
			numbers = append(numbers, op.Number)
		}
	}
	return numbers
}

// mustReadHistory reports whether the history is to be read before a POST, because there are
// abandoned attempts. If the read fails, the POST is sent all the same: its answer shows
// whether the model is busy. A read of an earlier stay in the critical section does not
// count, however recent it seems: the storage service's clock may have jumped since.
func (s *State) mustReadHistory(now time.Time) bool {
	return len(s.Abandoned) > 0 && (!s.historyRead || now.Sub(s.HistoryRead).Abs() > historyGoodFor)
}

// noteHistoryRead records that the history was read.
func (m *machine) noteHistoryRead() { m.HistoryRead, m.historyRead = m.now, true }

// endless: a refresh that Power BI shows at work for longer than a refresh can take must
// not occupy the model for ever.
func endless() *Fault {
	return &Fault{Code: CodeOutcomeUnknown,
		Message: "Power BI shows the refresh at work for longer than a refresh can take.",
		Remedy:  "Look at the refresh history of the model in the Power BI portal, and at its data."}
}
