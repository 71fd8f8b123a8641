package powerbi

import (
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// endpoint is a kind of call. Each is throttled separately, so that too many reads do
// not prevent a refresh from being started or cancelled.
type endpoint int

const (
	starts endpoint = iota
	reads
	cancels
	others
	endpoints // the number of kinds
)

const (
	// defaultWait is for a 429 that names no time. Unverified; a shipping client
	// (Keboola) waits as long.
	defaultWait = time.Minute
	// probeWait is the shortest wait of the callers while the first call after a wait is in progress.
	probeWait = time.Second
)

// throttle fails calls of all models at once while Power BI throttles. After the wait one call
// is sent first, and the others follow only if it was not throttled again: a thousand
// waiting callers do not all return at the same moment.
type throttle struct {
	mu    sync.Mutex
	state [endpoints]struct {
		until   time.Time // zero: not throttled
		code    Code      // the error of failed calls
		probing bool
		since   time.Time // when the first call was sent
	}
}

// Do implements policy.Policy. It is in front of the retry policy.
func (g *throttle) Do(req *policy.Request) (resp *http.Response, err error) {
	c := callOf(req.Raw().Context())
	probe, refused := g.enter(c.endpoint)
	if refused != nil {
		refused.Op = c.op
		return nil, refused
	}
	defer func() { g.leave(c.endpoint, probe, resp) }()
	return req.Next()
}

// enter decides whether a call may be sent, and whether it is the first one.
func (g *throttle) enter(e endpoint) (probe bool, refused *Error) {
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
	if s.probing { // it may hang: the waits of the others grow
		wait = max(wait, time.Since(s.since))
	}
	return false, &Error{
		Code:       s.code,
		Message:    "Power BI is throttling requests of this kind; this one was not sent",
		Remedy:     remedy(s.code, e),
		RetryAfter: max(wait, probeWait),
		Outcome:    NotSent,
	}
}

// leave applies the answer. Only the first call after a wait may end the throttling: the
// success of an older call proves nothing.
func (g *throttle) leave(e endpoint, probe bool, resp *http.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &g.state[e]
	if probe {
		s.probing = false
	}
	if probe && !s.until.After(time.Now()) { // else an older call was throttled in the meantime
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
