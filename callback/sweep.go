package callback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
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
// The order is random, so that receivers which never answer keep nobody out for
// long.
func (s *Service) Sweep(ctx context.Context) (SweepReport, error) {
	var report SweepReport
	began := time.Now()
	names, whole, err := s.due(ctx, &report)
	if err != nil {
		return report, err
	}
	//nolint:gosec // G404: nobody gains by guessing the order
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var running errgroup.Group
	var mu sync.Mutex
	running.SetLimit(sweepAtOnce)
	for _, name := range names {
		running.Go(func() error {
			if ctx.Err() != nil || time.Since(began) > beginLimit {
				return errOutOfTime
			}
			if !s.sweepOne(ctx, name) {
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

// due lists the records that are due, and whether these are all.
func (s *Service) due(ctx context.Context, report *SweepReport) ([]string, bool, error) {
	var names []string
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
			case isDue(e.Meta, page.Date):
				report.Due++
				names = append(names, e.Name)
			}
		}
		if cursor = page.Next; cursor == "" || len(names) >= maxDue {
			return names, cursor == "", nil
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
