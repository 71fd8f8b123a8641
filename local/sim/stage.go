package sim

import (
	"context"
	"net/http"
	"strings"
	"time"

	"pbirefresh/internal/wait"
)

// stage has what the four services share: the clock, new ids, scripted faults and the journal.
type stage struct {
	now     func() time.Time
	newID   func() string
	journal *Journal
	faults  *faultQueue
}

// call classifies a request, before authentication.
type call struct {
	service string
	op      Op
	model   Ref
	do      func() Answer
	// land is set for calls that a fault may deliver late: it queues the request in the service for a later time,
	// and returns a function that returns the answer after it.
	land func(at time.Time) func() Answer
}

// serve answers one request, with the next matching fault, and writes the journal.
func (st *stage) serve(w http.ResponseWriter, r *http.Request, c call) {
	f := st.faults.take(c.op, c.model)
	a, answered := st.perform(r.Context(), f, c)
	e := Entry{
		Time: st.now(), Kind: KindRequest, Service: c.service, Op: c.op, Method: r.Method, Path: r.URL.Path,
		Status: a.Status, Caller: a.caller, Agent: r.UserAgent(), Model: c.model, Note: a.note,
	}
	if f != nil {
		e.Fault = f.name()
	}
	if !answered {
		e.Status = statusAborted
	}
	st.journal.record(e)
	st.journal.publish()
	if !answered {
		panic(http.ErrAbortHandler) // net/http closes the connection; Transport returns an error
	}
	a.write(w)
}

// perform returns the answer, or false when the caller gets none.
func (st *stage) perform(ctx context.Context, f *Fault, c call) (Answer, bool) {
	if f == nil {
		return c.do(), true
	}
	if !wait.For(ctx, f.Delay) {
		return Answer{note: "caller left before the service acted"}, false
	}
	if !f.After && f.Cut {
		return Answer{note: "connection cut before the service acted"}, false
	}
	if !f.After && f.Answer != nil {
		return f.Answer.noted("answered by a fault"), true
	}
	return st.performLate(ctx, f, c)
}

// performLate applies the faults that take effect after the service has acted.
func (st *stage) performLate(ctx context.Context, f *Fault, c call) (Answer, bool) {
	do := c.do
	if f.Land > 0 && c.land != nil {
		do = c.land(st.now().Add(f.Land))
		if !wait.For(ctx, f.Land) {
			return Answer{note: "caller left; the request is still under way"}, false
		}
	}
	a := do()
	switch {
	case !wait.For(ctx, f.Hold):
		a.note = "caller left after the service acted: " + a.note
		return a, false
	case f.Cut:
		a.note = "connection cut after the service acted: " + a.note
		return a, false
	case f.Answer != nil:
		return f.after(a), true
	}
	return a, true
}

// after returns the fault's answer instead of the service's.
func (f *Fault) after(own Answer) Answer {
	a := f.Answer.by(own.caller).noted("answered by a fault after the service acted: " + own.note)
	for _, name := range []string{"Requestid", "X-Ms-Request-Id", "Location"} {
		if id := own.Header.Get(name); f.Named && id != "" {
			a = a.withHeader(name, id)
		}
	}
	return a
}

// sameID compares the GUIDs and names of the services, which ignore case.
func sameID(a, b string) bool { return strings.EqualFold(a, b) }

func key(id string) string { return strings.ToLower(id) }
