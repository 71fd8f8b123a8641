package handler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"pbirefresh/refresh/machine"
)

// Check reports whether one dependency can be used.
type Check struct {
	Name string                          // storage, keyVault, powerBI
	Test func(ctx context.Context) error // its error names the cause and is shown: it holds no secret
	// Expires tells when what is tested stops working, if that is known; may be nil.
	Expires func() (time.Time, bool)
}

// checkLimit bounds each check of a dependency.
const checkLimit = 10 * time.Second

// healthDocument has a status or, like every error answer, an error.
type healthDocument struct {
	Status  string        `json:"status,omitempty"` // ok
	Error   *errorBody    `json:"error,omitempty"`
	Version string        `json:"version"`
	Checks  []checkResult `json:"checks,omitempty"`
}

type checkResult struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // ok, or failed
	Message string `json:"message,omitempty"`
	MS      int64  `json:"ms"`

	Expires       *time.Time `json:"expires,omitempty"`
	ExpiresInDays *int       `json:"expiresInDays,omitempty"` // whole days, rounded down
}

// health: GET /api/health. It touches no dependency: a restart of this process
// would mend none of them.
func (s *server) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, healthDocument{Status: "ok", Version: s.Version})
}

// ready: GET /api/health/ready. 503 if any dependency cannot be used.
func (s *server) ready(w http.ResponseWriter, r *http.Request) error {
	results := make([]checkResult, len(s.Checks))
	var wg sync.WaitGroup
	for i, check := range s.Checks {
		wg.Go(func() { results[i] = check.run(r.Context()) })
	}
	wg.Wait()
	if problem := notReady(results); problem != nil {
		w.Header().Set("x-ms-error-code", problem.Code)
		w.Header().Set("Retry-After", seconds(comeAgain))
		return writeJSON(w, http.StatusServiceUnavailable, healthDocument{Error: problem, Version: s.Version, Checks: results})
	}
	return writeJSON(w, http.StatusOK, healthDocument{Status: "ok", Version: s.Version, Checks: results})
}

// notReady says in one sentence what the checks found; nothing if all is well.
func notReady(results []checkResult) *errorBody {
	e := &errorBody{Code: "NotReady"}
	for _, c := range results {
		if c.Status != "ok" {
			e.Details = append(e.Details, Detail{Code: "CheckFailed", Target: c.Name, Message: or(c.Message, "It says nothing.")})
		}
	}
	if len(e.Details) == 0 {
		return nil
	}
	e.Message = fmt.Sprintf("%d of %d dependencies cannot be used; the first: %s: %s", len(e.Details), len(results), e.Details[0].Target, machine.Sentences(e.Details[0].Message))
	return e
}

func (c Check) run(ctx context.Context) checkResult {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	began := time.Now()
	err := c.guarded(ctx)
	result := checkResult{Name: c.Name, Status: "ok", MS: time.Since(began).Milliseconds()}
	if err != nil {
		result.Status, result.Message = "failed", err.Error()
	}
	c.tellExpiry(&result)
	return result
}

func (c Check) tellExpiry(r *checkResult) {
	if c.Expires == nil {
		return
	}
	if at, known := c.Expires(); known {
		days := int(math.Floor(time.Until(at).Hours() / 24))
		r.Expires, r.ExpiresInDays = &at, &days
	}
}

// guarded turns a panic into an error: the check runs beside the request, where
// nothing else would keep the process alive.
func (c Check) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the check itself broke: %v", p)
		}
	}()
	return c.Test(ctx)
}

// timerAnswer is what the host wants from a timer function. It must never be
// empty: the host would wait for more until functionTimeout, and then kill the
// process (azure-functions-host, source).
type timerAnswer struct {
	Outputs     struct{} `json:"Outputs"`
	Logs        []string `json:"Logs"`
	ReturnValue any      `json:"ReturnValue"`
}

// sweep: POST /RefreshSweep, from the timer.
func (s *server) sweep(w http.ResponseWriter, r *http.Request) error {
	report, err := s.Refresher.Sweep(r.Context())
	// After the models, so that callbacks of operations that have just ended are sent; and
	// also if the models could not be swept.
	calls, failure := s.sweepCallbacks(r.Context())
	if err := errors.Join(err, failure); err != nil {
		return err
	}
	lines := []string{sweepLine("models", report.Seen, report.Due, report.Failed, report.Complete)}
	return writeJSON(w, http.StatusOK, timerAnswer{Logs: append(lines, calls...)})
}

func sweepLine(what string, seen, due, failed int, complete bool) string {
	line := fmt.Sprintf("sweep: %d %s, %d due, %d could not be moved forward", seen, what, due, failed)
	if !complete {
		line += "; out of time, the next sweep goes on from there"
	}
	return line
}
