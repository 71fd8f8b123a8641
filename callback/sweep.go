package callback

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	beginLimit  = 15 * time.Second // no step of a sweep begins later than that
	sweepAtOnce = 16
	pageSize    = 1000
	maxDue      = 5000 // that one sweep looks at
)

// errOutOfTime ends a sweep early: the next one goes on.
var errOutOfTime = errors.New("callback: out of time")

// SweepReport says what one sweep did.
type SweepReport struct {
	Seen     int  `json:"seen"`     // records listed
	Due      int  `json:"due"`      // of these, how many were due
	Failed   int  `json:"failed"`   // of these, how many could not be moved forward, or are none
	Complete bool `json:"complete"` // false: out of time; the next sweep goes on
}

// Sweep takes every step that is due. It ends by itself in well under a minute.
// The order is that of the due times: a retry never comes before a record that has
// waited longer, so receivers that never answer cannot keep others out.
func (s *Service) Sweep(ctx context.Context) (SweepReport, error) {
	var report SweepReport
	began := time.Now()
	due, whole, err := s.due(ctx, &report)
	if err != nil {
		return report, err
	}
	slices.SortStableFunc(due, func(a, b dueRecord) int { return a.at.Compare(b.at) })
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
	report.Complete = running.Wait() == nil && whole
	return report, nil
}

// dueRecord is an entry of a listing that may have something to do.
type dueRecord struct {
	name string
	at   time.Time // since when; zero: unknown, so as early as can be
}

// due lists the records that are due, and whether these are all.
func (s *Service) due(ctx context.Context, report *SweepReport) ([]dueRecord, bool, error) {
	var due []dueRecord
	for cursor := ""; ; {
		page, err := s.Store.List(ctx, prefix, cursor, pageSize)
		if err != nil {
			return nil, false, err
		}
		report.Seen += len(page.Entries)
		for _, e := range page.Entries {
			switch {
			case !namePattern.MatchString(e.Name):
				report.Failed++
				s.Logger.Error("not a callback; skipped", "name", e.Name)
			case !dueAt(e.Meta).After(page.Date):
				report.Due++
				due = append(due, dueRecord{e.Name, dueAt(e.Meta)})
			}
		}
		if cursor = page.Next; cursor == "" || len(due) >= maxDue {
			return due, cursor == "", nil
		}
	}
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
		s.Logger.Error("callback skipped", "error", err)
	default:
		s.Logger.Warn("callback not moved forward", "model", modelOf(name), "error", err)
	}
	return false
}

// guardedStep keeps one impossible record from ending the process, and with it
// every other one: a panic would come back with each sweep.
func (s *Service) guardedStep(ctx context.Context, name string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Logger.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("callback: panic: %v", p)
		}
	}()
	return s.step(ctx, name, false)
}
