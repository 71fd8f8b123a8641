package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// Limits of one sweep. It must end before the timer's next call, and an invocation that
// outlives functionTimeout ends the process.
const (
	sweepLimit   = 25 * time.Second
	sweepAtOnce  = 32
	sweepPerStep = 15 * time.Second
	sweepPage    = 500
	cursorName   = "sweep/cursor.json"
)

// Report is what one sweep did.
type Report struct {
	Seen     int  `json:"seen"`     // models listed
	Due      int  `json:"due"`      // of these, how many were due
	Failed   int  `json:"failed"`   // of these, how many steps failed
	Complete bool `json:"complete"` // false: out of time; the next sweep continues from there
}

// Sweep takes the next step of every model for which one is due. It stops after 25 s and
// remembers where, so that no model starves.
func (c *Coordinator) Sweep(ctx context.Context) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepLimit)
	defer cancel()
	w := sweeper{c: c, slots: semaphore.NewWeighted(sweepAtOnce)}
	cursor := c.readCursor(ctx)
	err := w.pages(ctx, cursor)
	w.running.Wait()
	if w.cursor == "" && ctx.Err() != nil {
		w.cursor = w.last // some of the last page had no time
	}
	if err != nil && ctx.Err() == nil {
		c.writeCursor(ctx, cursor, "") // it may be the cursor that the service does not take
		return w.report, unavailable(err)
	}
	w.report.Complete = w.cursor == "" && ctx.Err() == nil
	c.writeCursor(ctx, cursor, w.cursor)
	c.cfg.Logger.Info("sweep", "event", "sweep.done",
		"seen", w.report.Seen, "due", w.report.Due, "failed", w.report.Failed, "complete", w.report.Complete)
	return w.report, nil
}

type sweeper struct {
	c       *Coordinator
	slots   *semaphore.Weighted
	running sync.WaitGroup
	cursor  string // of the first page that was not finished
	last    string // of the page that was begun last

	mu     sync.Mutex
	report Report
}

// pages walks the list from cursor to its end.
func (w *sweeper) pages(ctx context.Context, cursor string) error {
	for {
		w.cursor, w.last = cursor, cursor
		page, err := w.c.cfg.Store.List(ctx, statePrefix, cursor, sweepPage)
		if err != nil {
			return err
		}
		// A sweep may stop inside a page and begin the next time at its start: the
		// order is random, so that its tail does not starve.
		//nolint:gosec // G404: nobody gains by guessing the order
		rand.Shuffle(len(page.Entries), func(i, j int) {
			page.Entries[i], page.Entries[j] = page.Entries[j], page.Entries[i]
		})
		for _, e := range page.Entries {
			if !w.visit(ctx, e, page.Date) {
				return ctx.Err()
			}
		}
		if cursor = page.Next; cursor == "" {
			w.cursor = ""
			return nil
		}
	}
}

// visit advances one model if it is due; false when the time is over.
func (w *sweeper) visit(ctx context.Context, e lease.Entry, now time.Time) bool {
	model, ok := modelOf(e.Name)
	w.report.Seen++
	if !ok {
		w.c.cfg.Logger.Error("not a state document; skipped", "name", e.Name)
		return true
	}
	if since := w.c.leases.note(e.Name, e.Endless); e.Endless {
		w.logSeized(model, since)
		return true
	}
	if !isDue(e.Meta, now) {
		return true
	}
	w.logStuck(model, e.Meta, now)
	if w.slots.Acquire(ctx, 1) != nil {
		return false
	}
	w.report.Due++
	w.running.Go(func() {
		defer w.slots.Release(1)
		w.advance(ctx, model)
	})
	return true
}

// logStuck logs a step that has been due for a long time. The zero time means at once, and
// does not show since when.
func (w *sweeper) logStuck(m machine.Model, meta lease.Meta, now time.Time) {
	due, err := time.Parse(time.RFC3339Nano, meta[metaDue])
	if late := now.Sub(due); err == nil && !due.IsZero() && late >= stuckAfter {
		w.c.cfg.Logger.Warn("model is overdue", "event", "refresh.stuck", "model", m.String(), "seconds", seconds(late))
	}
}

// logSeized logs a model that no instance can write until a person breaks the lease of its
// document.
func (w *sweeper) logSeized(m machine.Model, since time.Time) {
	err := &LeaseError{Blob: StateName(m), Since: since, Endless: true}
	w.c.cfg.Logger.Warn("model is blocked by a lease", "event", "refresh.stuck", "model", m.String(),
		"seconds", seconds(time.Since(since)), "cause", err.Error()+". "+err.Remedy())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Failed++
}

func (w *sweeper) advance(ctx context.Context, m machine.Model) {
	ctx, cancel := context.WithTimeout(ctx, sweepPerStep)
	defer cancel()
	if err := w.c.Advance(ctx, m); err != nil {
		w.c.cfg.Logger.Warn("model not moved forward", "model", m.String(), "error", err)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.report.Failed++
	}
}

// sweepCursor is only a hint and has no version: one that cannot be read is ignored and
// overwritten.
type sweepCursor struct {
	Next string `json:"next"`
}

// readCursor returns where the last sweep stopped, or the beginning if that cannot be read.
func (c *Coordinator) readCursor(ctx context.Context) string {
	doc, err := c.cfg.Store.Read(ctx, cursorName)
	if err != nil {
		return ""
	}
	var cursor sweepCursor
	if json.Unmarshal(doc.Body, &cursor) != nil {
		return ""
	}
	return cursor.Next
}

// writeCursor remembers where this sweep stopped, if that differs from where it began. A
// failure is only logged.
func (c *Coordinator) writeCursor(ctx context.Context, began, stopped string) {
	if began == stopped {
		return
	}
	ctx, cancel := detach(ctx, handOver)
	defer cancel()
	if err := c.putCursor(ctx, stopped); err != nil {
		c.cfg.Logger.Warn("sweep position not saved", "error", err)
	}
}

func (c *Coordinator) putCursor(ctx context.Context, next string) error {
	body, err := json.Marshal(sweepCursor{Next: next})
	if err != nil {
		return err
	}
	s, err := lease.Enter(ctx, c.cfg.Store, cursorName)
	if errors.Is(err, lease.ErrNotFound) {
		_, err = c.cfg.Store.Create(ctx, cursorName, body, nil)
		return err
	}
	if err != nil {
		return fmt.Errorf("another sweep may be running: %w", err)
	}
	defer s.Close(ctx)
	return s.Commit(ctx, body, nil, func(b []byte) bool { return string(b) == string(body) })
}
