package powerbi

import (
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// endpoint is a kind of call. Throttling is kept apart for each, so that reads
// that were too many do not keep a refresh from being started or cancelled.
type endpoint int

const (
	starts endpoint = iota
	reads
	cancels
	others
	endpoints // how many there are
)

const (
	// defaultWait is for a 429 that names no time. Unverified; a shipping client
	// (Keboola) waits as long.
	defaultWait = time.Minute
	// probeWait is what callers are told at least while the first call after a wait is out.
	probeWait = time.Second
)

// gate fails calls of all models at once while Power BI wants to be left alone. When the time is
// over one call goes first, and the rest follow only if it was not throttled again:
// a thousand waiting callers do not come back as one storm.
type gate struct {
	mu    sync.Mutex
	state [endpoints]struct {
		until   time.Time // zero: open
		code    Code      // why it is closed
		probing bool
		since   time.Time // the call that went first is out
	}
}

// Do implements policy.Policy. It is in front of the retry policy.
func (g *gate) Do(req *policy.Request) (resp *http.Response, err error) {
	c := callOf(req.Raw().Context())
	probe, refused := g.enter(c.endpoint)
	if refused != nil {
		refused.Op = c.op
		return nil, refused
	}
	defer func() { g.leave(c.endpoint, probe, resp) }()
	return req.Next()
}

// enter decides whether a call may go, and whether it is the one that goes first.
func (g *gate) enter(e endpoint) (probe bool, refused *Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &g.state[e]
	if s.until.IsZero() {
		return false, nil
	}
	wait := time.Until(s.until)
	if wait <= 0 && !s.probing {
		s.probing, s.since = true, time.Now()
		return true, nil
	}
	if s.probing { // it may hang: who comes again meanwhile comes ever more rarely
		wait = max(wait, time.Since(s.since))
	}
	return false, &Error{
		Code:       s.code,
		Message:    "Power BI asked to wait before more requests of this kind; this one was not sent",
		Remedy:     remedy(s.code, e),
		RetryAfter: max(wait, probeWait),
		Outcome:    NotSent,
	}
}

// leave learns from the answer. Only a call that went first may open the gate: an
// older call's success says nothing about now.
func (g *gate) leave(e endpoint, probe bool, resp *http.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &g.state[e]
	if probe {
		s.probing = false
	}
	if probe && !s.until.After(time.Now()) { // else an older call was told to wait meanwhile
		s.until = time.Time{}
	}
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests {
		return
	}
	a := answerOf(resp)
	wait := a.retryAfter
	if wait == 0 {
		wait = defaultWait
	}
	if until := time.Now().Add(wait); until.After(s.until) {
		s.until, s.code = until, throttleCode(a)
	}
}
