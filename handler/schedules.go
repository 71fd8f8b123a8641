package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pbirefresh/callback"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

// Schedules starts what is due; [*schedule.Runner] is one.
type Schedules interface {
	Tick(ctx context.Context) (schedule.Report, error)
	List(ctx context.Context) (schedule.Listing, error)
}

// ScheduleRequest reads the members that an entry of a schedule file shares with POST
// /api/refreshes, as that route reads them.
func ScheduleRequest(defaultTimeout time.Duration, extraOptions ...string) schedule.RequestReader {
	reader := bodyReader{cmp.Or(defaultTimeout, 12*time.Hour), extraOptions, noCallback}
	return func(body []byte) (refresh.Request, []schedule.Wrong) {
		p, problems := reader.parse(body)
		var wrong []schedule.Wrong
		for _, p := range problems {
			wrong = append(wrong, schedule.Wrong{Field: p.Target, Message: p.Message})
		}
		return p.request, wrong
	}
}

func noCallback(string) (callback.URL, error) {
	return callback.URL{}, &callback.Error{Code: "InvalidValue", Message: "a schedule has no caller to call back; leave it out."}
}

// Permits reports whether a model may be asked for.
func (a Allowed) Permits(m machine.Model) bool { return a.permits(m) }

// tick: POST /RefreshSchedule, from the timer.
func (s *server) tick(w http.ResponseWriter, r *http.Request) error {
	report, err := s.Schedules.Tick(r.Context())
	if err != nil {
		return schedulesUnavailable(err)
	}
	return writeJSON(w, http.StatusOK, timerAnswer{Logs: []string{tickLine(report)}})
}

func schedulesUnavailable(err error) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: machine.CodeUnavailable, RetryAfter: 5 * time.Second, err: err,
		Message: "How far the schedules are cannot be read or saved now. What is due stays due. GET /api/health/ready names the cause."}
}

func tickLine(r schedule.Report) string {
	if r.Busy {
		return "schedules: another tick is at work"
	}
	line := fmt.Sprintf("schedules: %d entries, %d slots started, %d refused, %d missed, %d waiting", r.Entries, r.Started, r.Refused, r.Missed, r.Waiting)
	if r.Trouble != nil {
		line += "; the file cannot be used (" + r.Trouble.Code + "), GET /api/schedules says why"
	}
	return line
}

// schedules: GET /api/schedules.
func (s *server) schedules(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	listing, err := s.Schedules.List(r.Context())
	if err != nil {
		return schedulesUnavailable(err)
	}
	listing = s.guard.visible(caller, listing)
	return writeJSON(w, http.StatusOK, scheduleListing(listing, s.receipts(r.Context(), lastIDs(listing)),
		func(id string) string { return linksTo(s.base(r), refresh.Link{ID: id}, true).status }))
}

// Bounds of looking up how operations stand, for a list. What is beyond them has its status
// URL all the same.
const (
	maxLookups   = 100
	lookupsLimit = 10 * time.Second
	lookupsLanes = 8
)

// receipts looks up how operations stand now, by id. One that cannot be read is left out.
func (s *server) receipts(ctx context.Context, ids []string) map[string]refresh.Receipt {
	ctx, cancel := context.WithTimeout(ctx, lookupsLimit)
	defer cancel()
	var (
		mu      sync.Mutex
		running errgroup.Group
		found   = map[string]refresh.Receipt{}
	)
	running.SetLimit(lookupsLanes)
	for _, id := range ids {
		running.Go(func() error {
			if receipt, err := s.lookup(ctx, id); err == nil {
				mu.Lock()
				defer mu.Unlock()
				found[id] = receipt
			}
			return nil
		})
	}
	_ = running.Wait() // no look-up returns an error
	return found
}

// lookup turns a panic into an error: it runs beside the request, where nothing else
// would keep the process alive.
func (s *server) lookup(ctx context.Context, id string) (receipt refresh.Receipt, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "cause", fmt.Sprint(p))
			err = errors.New("panic")
		}
	}()
	parsed, err := refresh.ParseID(id)
	if err != nil {
		return refresh.Receipt{}, err
	}
	return s.Refresher.Read(ctx, parsed)
}

func lastIDs(l schedule.Listing) []string {
	var ids []string
	for _, e := range l.Entries {
		for _, t := range e.Targets {
			if t.Last != nil && t.Last.ID != "" && len(ids) < maxLookups {
				ids = append(ids, t.Last.ID)
			}
		}
	}
	return ids
}
