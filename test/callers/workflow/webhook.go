package workflow

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// webhook is an HttpWebhook action.
func (x *run) webhook(ctx context.Context, a Action) (Outcome, error) {
	var p struct {
		Subscribe   request  `json:"subscribe"`
		Unsubscribe *request `json:"unsubscribe"`
	}
	if err := decode(a.Inputs, &p); err != nil {
		return Outcome{}, err
	}
	x.callback, x.posts = x.Callback()
	defer func() { x.callback = "" }()
	got, outcome, err := x.call(ctx, p.Subscribe)
	switch {
	case err != nil || outcome.Status != Succeeded:
		return outcome, err
	case got.code == http.StatusAccepted:
		return failed("the subscription was answered with 202"), nil
	}
	outcome, err = x.called(ctx)
	x.callback = "" // LAW: unsubscribe has no listCallbackUrl
	if err == nil && p.Unsubscribe != nil && p.Unsubscribe.URI != "" {
		_, _, err = x.call(ctx, *p.Unsubscribe)
	}
	return outcome, err
}

func (x *run) called(ctx context.Context) (Outcome, error) {
	select {
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	case <-time.After(x.Patience):
		return Outcome{Status: TimedOut, Message: "there was no callback"}, nil
	case post := <-x.posts:
		var body any = string(post)
		var value any
		if json.Unmarshal(post, &value) == nil {
			body = value
		}
		return Outcome{Status: Succeeded, Outputs: map[string]any{"statusCode": 200.0, "body": body}}, nil
	}
}
