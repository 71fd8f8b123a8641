package pipeline

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/test/callers/expr"
)

// The ends of activities and pipelines.
const (
	Succeeded = "Succeeded"
	Failed    = "Failed"
	Skipped   = "Skipped"
)

// Runner is the service. Client is required.
type Runner struct {
	Client *http.Client

	Functions   map[string]Function // linked services of Azure Function activities, by name
	Connections map[string]string   // Fabric: base URLs by connection id
	Token       func(resource string) string
	Callbacks   Callbacks // of WebHook activities

	Poll       time.Duration // how often a Web activity polls, and Until and Wait wait
	Retry      time.Duration // instead of policy.retryIntervalInSeconds
	Patience   time.Duration // instead of a WebHook activity's timeout
	BareErrors bool          // a failed Web activity has the code only
	Forgiving  bool          // an Until does not fail with its activities
}

// Outcome is how an activity ended.
type Outcome struct {
	Status  string
	Output  map[string]any
	Code    string // of an error
	Message string
}

// Result is how a pipeline ended.
type Result struct {
	Status     string
	Message    string // of the failure
	Activities map[string]Outcome
}

// run is one run of a pipeline.
type run struct {
	*Runner
	id         string
	parameters map[string]any
	outcomes   map[string]Outcome
}

// Run runs a pipeline. It fails if the pipeline cannot be run at all; a pipeline
// that fails is a Result.
func (r *Runner) Run(ctx context.Context, d Document, id string, parameters map[string]any) (Result, error) {
	values := map[string]any{}
	for name, p := range d.Properties.Parameters {
		value, given := parameters[name]
		if !given {
			value = p.Default
		}
		if value == nil {
			return Result{}, fmt.Errorf("pipeline: parameter %s has no value", name)
		}
		values[name] = value
	}
	for name := range parameters {
		if _, declared := values[name]; !declared {
			return Result{}, fmt.Errorf("pipeline: there is no parameter %s", name)
		}
	}
	x := &run{Runner: r, id: id, parameters: values, outcomes: map[string]Outcome{}}
	last, err := x.all(ctx, d.Properties.Activities)
	return Result{Status: last.Status, Message: last.Message, Activities: x.outcomes}, err
}

// all runs activities in the order of their dependencies and returns the overall
// outcome.
func (x *run) all(ctx context.Context, activities []Activity) (Outcome, error) {
	waiting := slices.Clone(activities)
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, x.ready)
		if next < 0 {
			return Outcome{}, fmt.Errorf("pipeline: %s waits for what is not there", waiting[0].Name)
		}
		a := waiting[next]
		waiting = slices.Delete(waiting, next, next+1)
		outcome := Outcome{Status: Skipped}
		if x.met(a) {
			var err error
			if outcome, err = x.retried(ctx, a); err != nil {
				return Outcome{}, err
			}
		}
		x.outcomes[a.Name] = outcome
	}
	return x.end(activities), nil
}

func (x *run) ready(a Activity) bool {
	return !slices.ContainsFunc(a.DependsOn, func(d Dependency) bool { _, ended := x.outcomes[d.Activity]; return !ended })
}

func (x *run) met(a Activity) bool {
	for _, d := range a.DependsOn {
		status := x.outcomes[d.Activity].Status
		completed := status != Skipped && slices.Contains(d.Conditions, "Completed")
		if !completed && !slices.Contains(d.Conditions, status) {
			return false
		}
	}
	return true
}

func (x *run) retried(ctx context.Context, a Activity) (Outcome, error) {
	for try := 0; ; try++ {
		outcome, err := x.activity(ctx, a)
		if err != nil || outcome.Status != Failed || try >= a.Policy.Retry {
			return outcome, err
		}
		if !wait.For(ctx, x.Retry) {
			return outcome, ctx.Err()
		}
	}
}

// end is OUT: the last activities decide, and for skipped ones those before them.
func (x *run) end(activities []Activity) Outcome {
	byName, depended := map[string]Activity{}, map[string]bool{}
	for _, a := range activities {
		byName[a.Name] = a
		for _, d := range a.DependsOn {
			depended[d.Activity] = true
		}
	}
	for _, a := range activities {
		if !depended[a.Name] {
			if o := x.decisive(byName, a); o.Status == Failed {
				return o
			}
		}
	}
	return Outcome{Status: Succeeded}
}

func (x *run) decisive(byName map[string]Activity, a Activity) Outcome {
	o := x.outcomes[a.Name]
	if o.Status == Failed {
		o.Message = fmt.Sprintf("Operation on target %s failed: %s", a.Name, o.Message)
	}
	if o.Status != Skipped {
		return o
	}
	for _, d := range a.DependsOn {
		if before := x.decisive(byName, byName[d.Activity]); before.Status == Failed {
			return before
		}
	}
	return Outcome{Status: Succeeded}
}

// scope has the functions for the expressions of this run.
func (x *run) scope() expr.Scope {
	return expr.Scope{
		"pipeline": func(...any) (any, error) {
			return map[string]any{"RunId": x.id, "parameters": x.parameters}, nil
		},
		"activity": func(args ...any) (any, error) {
			o, ended := x.outcomes[expr.String(args[0])]
			if !ended || o.Status == Skipped {
				return nil, fmt.Errorf("activity %v has not run", args[0])
			}
			return map[string]any{
				"Status": o.Status, "output": o.Output,
				"error": map[string]any{"errorCode": o.Code, "message": o.Message},
			}, nil
		},
	}
}
