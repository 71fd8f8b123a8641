package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"pbirefresh/test/callers/expr"
)

func (x *run) action(ctx context.Context, name string, a Action) (Outcome, error) {
	switch a.Type {
	case "Http":
		return x.http(ctx, a)
	case "HttpWebhook":
		return x.webhook(ctx, a)
	case "If":
		return x.condition(ctx, a)
	case "Terminate":
		return x.terminate(a)
	default:
		return Outcome{}, fmt.Errorf("workflow: action %s has the type %s, which is not known here", name, a.Type)
	}
}

// condition evaluates {"and": [{"equals": [a, b]}, ...]}.
func (x *run) condition(ctx context.Context, a Action) (Outcome, error) {
	var c struct {
		And []struct {
			Equals []any `json:"equals"`
		} `json:"and"`
	}
	text, err := json.Marshal(a.Expression)
	if err == nil {
		err = decode(text, &c)
	}
	if err != nil || len(c.And) == 0 {
		return Outcome{}, fmt.Errorf("workflow: a condition that is not known here: %s %w", text, err)
	}
	for _, term := range c.And {
		values, err := expr.Eval(term.Equals, x.scope())
		if err != nil {
			return failed("%v", err), nil
		}
		if v := values.([]any); len(v) != 2 || !reflect.DeepEqual(v[0], v[1]) {
			return x.all(ctx, a.Else.Actions)
		}
	}
	return x.all(ctx, a.Actions)
}

// terminate ends the run.
func (x *run) terminate(a Action) (Outcome, error) {
	var p struct {
		Status string `json:"runStatus"`
		Error  struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"runError"`
	}
	if err := decode(a.Inputs, &p); err != nil {
		return Outcome{}, err
	}
	code, err := expr.Text(p.Error.Code, x.scope())
	if err != nil {
		return failed("%v", err), nil
	}
	message, err := expr.Text(p.Error.Message, x.scope())
	if err != nil {
		return failed("%v", err), nil
	}
	x.end = Result{Status: p.Status, Code: expr.String(code), Message: expr.String(message)}
	return Outcome{Status: Succeeded}, errTerminated
}

func failed(format string, args ...any) Outcome {
	return Outcome{Status: Failed, Message: fmt.Sprintf(format, args...)}
}

// scaled returns how long a test waits instead of d.
func (x *run) scaled(d time.Duration) time.Duration { return time.Duration(float64(d) * x.Scale) }
