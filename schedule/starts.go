package schedule

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// CodeModelNotAllowed is the code of a slot whose model the setting ALLOWED_MODELS does
// not list.
const CodeModelNotAllowed = "ModelNotAllowed"

// start carries out a plan: lanes side by side, the runs of a lane one after another.
func (r *Runner) start(ctx context.Context, plan duePlan, now time.Time, report *Report) []Done {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var (
		running errgroup.Group
		results = make([][]Done, len(plan.Lanes))
	)
	running.SetLimit(atOnce)
	for i, lane := range plan.Lanes {
		running.Go(func() error {
			results[i] = r.lane(ctx, lane, now)
			return nil
		})
	}
	_ = running.Wait() // a lane has no error
	var done []Done
	for i, lane := range plan.Lanes {
		report.count(lane, results[i])
		done = append(done, results[i]...)
	}
	return done
}

func (p *Report) count(lane lane, done []Done) {
	runs := 0
	for _, d := range done {
		p.Missed += d.Result.Missed
		switch d.Result.Outcome {
		case Started:
			p.Started++
			runs++
		case Refused:
			p.Refused++
			runs++
		case Missed:
			p.Missed++
		}
	}
	p.Waiting += len(lane.Runs) - runs
}

// lane starts the slots of one target and returns the results that are known.
func (r *Runner) lane(ctx context.Context, lane lane, now time.Time) []Done {
	var done []Done
	for _, run := range lane.Runs {
		result, settled := r.run(ctx, run)
		if !settled {
			return done
		}
		result.Slot, result.At, result.Missed = run.Slot, now, run.Missed
		done = append(done, Done{Target: lane.Target, Timing: run.Entry.Timing.String(), Result: result})
		r.logRun(run, result)
	}
	if lane.GiveUp != nil {
		r.cfg.Logger.Warn("slots passed without a start", "event", "schedule.failed", "schedule", lane.Entry.Name, "code", CodeSlotMissed,
			"model", lane.Model.String(), "slot", slotText(lane.GiveUp.Result.Slot), "slots", lane.GiveUp.Result.Missed+1)
		done = append(done, *lane.GiveUp)
	}
	return done
}

// run asks for one refresh. It returns false if the result is unknown or the request has to
// wait; the next tick asks again.
func (r *Runner) run(ctx context.Context, run Run) (result Result, settled bool) {
	defer func() {
		if p := recover(); p != nil { // one entry must not end the process that serves all
			r.cfg.Logger.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()), "schedule", run.Entry.Name)
			settled = false
		}
	}()
	if r.cfg.Permits != nil && !r.cfg.Permits(run.Request.Model) {
		return Result{Outcome: Refused, Code: CodeModelNotAllowed,
			Message: "This app may not refresh that model: the setting ALLOWED_MODELS does not list it."}, true
	}
	if ctx.Err() != nil {
		return Result{}, false // out of time
	}
	receipt, err := r.cfg.Start(ctx, Key(run.Entry.Name, run.Slot, run.Request.Model), run.Request)
	var refusal *refresh.Refusal
	switch {
	case err == nil:
		result := Result{Outcome: Started, ID: receipt.ID}
		if fault := receipt.View.Operation.Fault; fault != nil { // refused by Power BI at once
			result.Code, result.Message = fault.Code, fault.Message
		}
		return result, true
	case errors.As(err, &refusal) && refusal.Code != machine.CodeQueueFull && refusal.Code != machine.CodeShareUsed:
		return Result{Outcome: Refused, Code: refusal.Code, Message: refusal.Message}, true
	}
	r.cfg.Logger.Warn("slot not started yet; the next tick tries again", "schedule", run.Entry.Name,
		"model", run.Request.Model.String(), "slot", slotText(run.Slot), "error", err)
	return Result{}, false
}

// lateAfter is more than the delay that ticks of every minute cause.
const lateAfter = 2 * time.Minute

func (r *Runner) logRun(run Run, result Result) {
	attrs := []any{"schedule", run.Entry.Name, "model", run.Request.Model.String(), "slot", slotText(run.Slot)}
	for name, value := range run.Entry.Labels {
		attrs = append(attrs, "label."+name, value)
	}
	if run.Missed > 0 {
		attrs = append(attrs, "missed", run.Missed)
	}
	if result.Outcome == Refused || result.Code != "" {
		r.cfg.Logger.Error("scheduled refresh could not be started", append(attrs, "event", "schedule.failed", "code", result.Code, "cause", result.Message)...)
		return
	}
	if run.Late >= lateAfter {
		r.cfg.Logger.Warn("scheduled refresh started late", append(attrs, "event", "schedule.late", "seconds", int64(run.Late/time.Second))...)
		return
	}
	r.cfg.Logger.Info("scheduled refresh started", attrs...)
}
