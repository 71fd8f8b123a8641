package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

	"pbirefresh/internal/wait"
	"pbirefresh/test/callers/expr"
)

// activity runs one activity once.
func (x *run) activity(ctx context.Context, a Activity) (Outcome, error) {
	switch a.Type {
	case "AzureFunctionActivity":
		return x.function(ctx, a)
	case "WebActivity":
		return x.web(ctx, a)
	case "WebHook":
		return x.webHook(ctx, a)
	case "Fail":
		return x.fail(a)
	case "IfCondition":
		return x.condition(ctx, a)
	case "Until":
		return x.until(ctx, a)
	case "Wait":
		wait.For(ctx, x.Poll)
		return Outcome{Status: Succeeded}, ctx.Err()
	default:
		return Outcome{}, fmt.Errorf("pipeline: activity %s has the type %s, which is not known here", a.Name, a.Type)
	}
}

// evaluate returns a value of a document, where an expression may
// also be {"value": "@...", "type": "Expression"}.
func (x *run) evaluate(value any) (any, error) {
	if object, ok := value.(map[string]any); ok && object["type"] == "Expression" && len(object) == 2 {
		value = object["value"]
	}
	return expr.Eval(value, x.scope())
}

func (x *run) text(value any) (string, error) {
	v, err := x.evaluate(value)
	return expr.String(v), err
}

func (x *run) fail(a Activity) (Outcome, error) {
	var p struct {
		Message any `json:"message"`
		Code    any `json:"errorCode"`
	}
	if err := a.decode(&p); err != nil {
		return Outcome{}, err
	}
	message, err := x.text(p.Message)
	if err != nil {
		return failed("2011", "%v", err), nil // an expression that fails fails the activity
	}
	code, err := x.text(p.Code)
	return failed(code, "%s", message), err
}

// inside returns the activities inside another one. Each activity parses its own
// properties.
type inside []Activity

func (i *inside) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, (*[]Activity)(i)) }

func (x *run) condition(ctx context.Context, a Activity) (Outcome, error) {
	var p struct {
		Expression any    `json:"expression"`
		IfTrue     inside `json:"ifTrueActivities"`
		IfFalse    inside `json:"ifFalseActivities"`
	}
	if err := a.decode(&p); err != nil {
		return Outcome{}, err
	}
	holds, err := x.evaluate(p.Expression)
	if err != nil {
		return failed("2011", "%v", err), nil
	}
	if holds == true {
		return x.all(ctx, p.IfTrue)
	}
	return x.all(ctx, p.IfFalse)
}

func (x *run) until(ctx context.Context, a Activity) (Outcome, error) {
	var p struct {
		Expression any    `json:"expression"`
		Timeout    string `json:"timeout"`
		Activities inside `json:"activities"`
	}
	if err := a.decode(&p); err != nil {
		return Outcome{}, err
	}
	for {
		for _, inner := range p.Activities {
			delete(x.outcomes, inner.Name)
		}
		outcome, err := x.all(ctx, p.Activities)
		if err != nil {
			return Outcome{}, err
		}
		holds, err := x.evaluate(p.Expression)
		switch {
		case err != nil && outcome.Status == Failed:
			return outcome, nil
		case err != nil:
			return failed("2011", "%v", err), nil
		case holds == true && x.Forgiving:
			return Outcome{Status: Succeeded}, nil
		case holds == true:
			return outcome, nil
		}
	}
}

func failed(code, format string, args ...any) Outcome {
	return Outcome{Status: Failed, Code: code, Message: fmt.Sprintf(format, args...)}
}

// object parses an answer that must be a JSON object.
func object(body []byte) (map[string]any, bool) {
	var o map[string]any
	err := json.Unmarshal(body, &o)
	return o, err == nil && o != nil
}
