package callback

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pbirefresh/lease"
)

const (
	beginLimit  = 15 * time.Second // no step of a sweep begins later than that after the first
	sweepAtOnce = 16
	pageSize    = 1000
	maxPages    = 20               // that one sweep lists
	listLimit   = 10 * time.Second // no page is asked for later than that after the first
)

// errOutOfTime ends a sweep early: the next one goes on.
var errOutOfTime = errors.New("callback: out of time")

// SweepReport says what one sweep did.
type SweepReport struct {
	Seen     int  `json:"seen"`     // records listed
	Due      int  `json:"due"`      // of these, how many were due
	Failed   int  `json:"failed"`   // of these, how many could not be moved forward, or are no records
	Complete bool `json:"complete"` // false: some were not listed or not begun; the next sweep goes on
}

// Sweep takes the steps that are due, in the order of the package doc. It ends by itself
// within about a minute.
func (s *Service) Sweep(ctx context.Context) (SweepReport, error) {
	last, err := s.readPosition(ctx)
	if err != nil {
		s.log.Warn("position of the sweep of callbacks not read; it begins at the first record", "error", err)
	}
	l := listing{service: s, counter: newCounter(last.Counted)}
	next, listErr := l.list(ctx, last.Next)
	if listErr != nil {
		s.savePosition(ctx, last, last.restarted()) // the service may have rejected the cursor
		return l.report, listErr
	}
	due := last.Turn.order(l.due)
	if !errors.Is(err, errNewerPosition) {
		s.savePosition(ctx, last, last.moved(next, l.count, due))
	}
	begun := s.sweepAll(ctx, due, &l.report)
	l.report.Complete = begun && next == "" && last.Next == ""
	return l.report, nil
}

// restarted is the position whose listing begins at the first record.
func (p position) restarted() position {
	p.Next, p.Counted = "", count{}
	return p
}

// moved is the position after a sweep that listed up to next and begins with due. The
// turn moves on only if more is due than is begun at once.
func (p position) moved(next string, counted count, due []dueRecord) position {
	to := position{Schema: positionSchema, Next: next, Turn: p.Turn, Waiting: p.Waiting}
	if len(due) > sweepAtOnce {
		to.Turn = p.Turn.next(due[:sweepAtOnce])
	}
	if next == "" {
		to.Waiting = counted.near()
	} else {
		to.Counted = count{counted.Owners, counted.near().Models}
	}
	return to
}

// listing is what one sweep finds.
type listing struct {
	*counter
	service *Service
	report  SweepReport
	due     []dueRecord
}

// list lists from the cursor on and returns where it stopped; "" at the end.
func (l *listing) list(ctx context.Context, cursor string) (string, error) {
	began := time.Now()
	for pages := 0; pages < maxPages && time.Since(began) < listLimit; pages++ {
		page, err := l.service.store.List(ctx, prefix, cursor, pageSize)
		if err != nil {
			return "", err
		}
		for _, e := range page.Entries {
			l.add(e, page.Date)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	return cursor, nil
}

// add counts an entry, and keeps it if it is due.
func (l *listing) add(e lease.Entry, now time.Time) {
	l.report.Seen++
	if !namePattern.MatchString(e.Name) {
		l.report.Failed++
		l.service.log.Error("not a callback; skipped", "name", e.Name)
		return
	}
	r := entryOf(e)
	l.counter.add(r.model, e.Meta)
	if !r.at.After(now) {
		l.report.Due++
		l.due = append(l.due, r)
	}
}

// sweepAll takes one step of each record and reports whether there was time for all.
func (s *Service) sweepAll(ctx context.Context, due []dueRecord, report *SweepReport) bool {
	began := time.Now()
	var running errgroup.Group
	var mu sync.Mutex
	running.SetLimit(sweepAtOnce)
	for _, rec := range due {
		running.Go(func() error {
			if ctx.Err() != nil || time.Since(began) > beginLimit {
				return errOutOfTime
			}
			if !s.sweepOne(ctx, rec.name) {
				mu.Lock()
				defer mu.Unlock()
				report.Failed++
			}
			return nil
		})
	}
	return running.Wait() == nil
}

// sweepOne takes one step and reports whether it could.
func (s *Service) sweepOne(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	err := s.guardedStep(ctx, name)
	var bad *badRecordError
	switch {
	case err == nil, errors.Is(err, errBusy):
		return true
	case errors.As(err, &bad):
		s.log.Error("callback skipped", "error", err)
	default:
		s.log.Warn("callback not moved forward", "model", modelOf(name), "error", err)
	}
	return false
}

// guardedStep returns a panic as an error. Otherwise one impossible record would end the
// process with every sweep.
func (s *Service) guardedStep(ctx context.Context, name string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("callback: panic: %v", p)
		}
	}()
	return s.step(ctx, name, false)
}
