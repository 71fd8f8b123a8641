package workflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"pbirefresh/test/callers/expr"
)

// The ends of actions and runs.
const (
	Succeeded = "Succeeded"
	Failed    = "Failed"
	Skipped   = "Skipped"
	TimedOut  = "TimedOut"
)

// Runner is the service. Client is required.
type Runner struct {
	Client *http.Client
	Token  func(audience string) string // of the workflow's managed identity

	// Callback opens an address for listCallbackUrl; each POST to it arrives on the
	// channel.
	Callback func() (url string, posts <-chan []byte)

	Scale               float64       // of all intervals
	Patience            time.Duration // instead of limit.timeout
	KeepsAuthentication bool          // polls have the action's authentication
}

// Outcome is how an action ended.
type Outcome struct {
	Status  string
	Outputs map[string]any // statusCode, headers, body
	Message string
}

// Result is how a run ended.
type Result struct {
	Status, Code, Message string
	Actions               map[string]Outcome
}

// errTerminated ends a run early.
var errTerminated = errors.New("workflow: terminated")

type run struct {
	*Runner
	name       string
	parameters map[string]any
	outcomes   map[string]Outcome
	callback   string
	posts      <-chan []byte
	end        Result // of Terminate
}

// Run runs a workflow once, as if its trigger had fired. Values take precedence over
// those of the document's own parameters, and these over defaults. It fails if the
// workflow cannot be run at all; a run that fails is a Result.
func (r *Runner) Run(ctx context.Context, d Document, name string, values map[string]Parameter) (Result, error) {
	x := &run{Runner: r, name: name, parameters: map[string]any{}, outcomes: map[string]Outcome{}}
	for name, p := range d.Definition.Parameters {
		x.parameters[name] = p.Default
	}
	for _, given := range []map[string]Parameter{d.Parameters, values} {
		for name, p := range given {
			x.parameters[name] = p.Value
		}
	}
	end, err := x.all(ctx, d.Definition.Actions)
	if errors.Is(err, errTerminated) {
		x.end.Actions = x.outcomes
		return x.end, nil
	}
	return Result{Status: end.Status, Message: end.Message, Actions: x.outcomes}, err
}

func (x *run) all(ctx context.Context, actions map[string]Action) (Outcome, error) {
	waiting := names(actions)
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(name string) bool { return x.ready(actions[name]) })
		if next < 0 {
			return Outcome{}, fmt.Errorf("workflow: %s waits for itself", waiting[0])
		}
		name := waiting[next]
		waiting = slices.Delete(waiting, next, next+1)
		x.outcomes[name] = Outcome{Status: Skipped}
		if x.met(actions[name]) {
			outcome, err := x.action(ctx, name, actions[name])
			if x.outcomes[name] = outcome; err != nil {
				return Outcome{}, err
			}
		}
	}
	return x.last(actions), nil
}

func (x *run) ready(a Action) bool {
	for before := range a.RunAfter {
		if _, ended := x.outcomes[before]; !ended {
			return false
		}
	}
	return true
}

func (x *run) met(a Action) bool {
	for before, statuses := range a.RunAfter {
		if !slices.Contains(statuses, x.outcomes[before].Status) {
			return false
		}
	}
	return true
}

// last returns the outcome of the last actions, and for one that was skipped of those
// before it.
func (x *run) last(actions map[string]Action) Outcome {
	followed := map[string]bool{}
	for _, a := range actions {
		for before := range a.RunAfter {
			followed[before] = true
		}
	}
	for _, name := range names(actions) {
		if !followed[name] {
			if o := x.decisive(actions, name); o.Status != Succeeded {
				return o
			}
		}
	}
	return Outcome{Status: Succeeded}
}

func (x *run) decisive(actions map[string]Action, name string) Outcome {
	o := x.outcomes[name]
	if o.Status != Skipped {
		return o
	}
	for before := range actions[name].RunAfter {
		if o := x.decisive(actions, before); o.Status != Succeeded {
			return o
		}
	}
	return Outcome{Status: Succeeded}
}

// scope has the functions for the expressions of this run.
func (x *run) scope() expr.Scope {
	outputs := func(args ...any) (any, error) {
		o, ended := x.outcomes[expr.String(args[0])]
		if !ended {
			return nil, fmt.Errorf("action %v has not run", args[0])
		}
		return o.Outputs, nil
	}
	return expr.Scope{
		"outputs": outputs,
		"body": func(args ...any) (any, error) {
			out, err := outputs(args...)
			if o, ok := out.(map[string]any); ok && err == nil {
				return o["body"], nil
			}
			return nil, err
		},
		"parameters": func(args ...any) (any, error) {
			value := x.parameters[expr.String(args[0])]
			if value == nil {
				return nil, fmt.Errorf("parameter %v has no value", args[0])
			}
			return value, nil
		},
		"workflow": func(...any) (any, error) {
			return map[string]any{"run": map[string]any{"name": x.name}}, nil
		},
		"listcallbackurl": func(...any) (any, error) {
			if x.callback == "" {
				return nil, errors.New("only the subscription of a webhook has one")
			}
			return x.callback, nil
		},
	}
}
