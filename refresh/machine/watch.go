package machine

import (
	"slices"
	"time"
)

// Watched is an attempt that was given up without knowing what became of it. Power BI
// may still show its refresh: then it is an attempt again, occupies the model, and
// serves whoever still waits for it.
type Watched struct {
	Txn       string    `json:"txn"`
	RefreshID string    `json:"refreshId,omitempty"` // that a 202 named; empty: none did
	Named     []string  `json:"named,omitempty"`     // as those of the attempt
	Found     string    `json:"found,omitempty"`     // the id of a row that is its refresh, and that no 202 named
	Kind      Kind      `json:"kind,omitempty"`
	Intent    time.Time `json:"intent"`
	Until     time.Time `json:"until"`              // what has not appeared by then never will
	Weighed   bool      `json:"weighed,omitempty"`  // there were rows that may have been it: none is adopted any more
	Appeared  bool      `json:"appeared,omitempty"` // it occupies the model as soon as no other attempt does

	Unknown Unknown `json:"-"`
}

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

// spot looks for watched attempts in a history. One that a 202 named is found by its
// id, and so is one whose own id Power BI has kept (see ids). One without a name may be any refresh of our kind that is at work and that nobody
// else knows, and only while no attempt of ours could be it: it will be settled anew.
func (m *machine) spot(e Observed) {
	if e.Err != nil || e.Detail || len(m.Watch) == 0 {
		return
	}
	m.looks()
	for _, w := range slices.Clone(m.Watch) {
		row, named := w.find(e.Rows)
		if named && w.RefreshID == "" {
			w.Found = row.ID
		}
		switch {
		case w.RefreshID == "" && !named:
			w.Appeared = m.Attempt == nil && slices.ContainsFunc(e.Rows, func(r Row) bool {
				return r.atWork(e) && m.mayBeOurs(w.attempt(), r, e)
			})
		case named && row.State != RowInProgress && len(m.owed(w.Txn)) == 0:
			m.unwatch(w.Txn)
			continue
		case named:
			w.Appeared = row.State != RowInProgress || row.atWork(e)
		}
		m.Watch[slices.IndexFunc(m.Watch, func(x Watched) bool { return x.Txn == w.Txn })] = w
	}
}

// find returns the row of the watched attempt's refresh, by its id.
func (w Watched) find(rows []Row) (Row, bool) {
	return findAny(rows, append([]string{w.RefreshID}, w.attempt().ids()...))
}

func (w Watched) attempt() *Attempt {
	return &Attempt{Txn: w.Txn, Named: slices.Clone(w.Named), Kind: w.Kind, Intent: w.Intent, Weighed: w.Weighed, Again: w.RefreshID == ""}
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

// revive makes the first watched attempt that has appeared the model's attempt. It
// serves again whoever it was made for and who has not been tried since.
func (m *machine) revive() {
	i := slices.IndexFunc(m.Watch, func(w Watched) bool { return w.Appeared })
	if i < 0 || m.Attempt != nil {
		return
	}
	w := m.Watch[i]
	m.unwatch(w.Txn)
	a := w.attempt()
	a.SendBy, a.Until, a.Serves = m.now, m.now, m.owed(w.Txn)
	m.setAttempt(a)
	m.rejectAll()
	m.eachServed(func(op *Operation) {
		if a.Shape.Kind == "" {
			a.Shape = op.wanted()
		}
		a.Shape, _ = a.Shape.with(op.wanted())
		a.Intent = op.Latest().Intent
		op.endTry(OutcomePending, nil, time.Time{})
	})
	switch {
	case w.RefreshID != "":
		m.accepted(a, Answer{RefreshID: w.RefreshID})
	case w.Found != "":
		m.identified(a, w.Found)
		a.LookAt = m.now
	default:
		m.settle(a)
		a.LookAt = m.now
	}
}

// forget drops what has not appeared in time.
func (m *machine) forgetWatched() {
	m.Watch = slices.DeleteFunc(m.Watch, func(w Watched) bool { return !w.Appeared && !m.now.Before(w.Until) })
}

// uncertain reports whether the history is to be read before a POST, since an attempt
// is watched for. A read that fails proves nothing and is not waited for: the POST's own
// answer tells whether the model is busy. A look of an earlier stay in the critical section
// does not count, however young it seems: the storage service's clock may have jumped since.
func (s *State) uncertain(now time.Time) bool {
	return len(s.Watch) > 0 && (!s.looked || now.Sub(s.Glanced).Abs() > glanceFor)
}

// looks records that the history was read.
func (m *machine) looks() { m.Glanced, m.looked = m.now, true }

// glanced records the read before a POST, which may have failed.
func (m *machine) glanced(e Observed) {
	m.looks()
	appeared := slices.ContainsFunc(m.Watch, func(w Watched) bool { return w.Appeared })
	if e.Err == nil && !appeared {
		m.notice(e)
	}
}

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
