package pipeline

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Callbacks receives callbacks for the service.
type Callbacks interface {
	// New opens an address; each POST to it arrives on the channel.
	New() (uri string, posts <-chan []byte)
}

// webHook is a WebHook activity.
func (x *run) webHook(ctx context.Context, a Activity) (Outcome, error) {
	var p httpProperties
	if err := a.decode(&p); err != nil {
		return Outcome{}, err
	}
	uri, posts := x.Callbacks.New()
	req, outcome := x.subscription(ctx, a, &p, uri)
	if req == nil {
		return outcome, nil
	}
	got, err := x.send(ctx, req, answerWithin)
	switch {
	case err != nil:
		return failed("2128", "No response from the endpoint: %v", err), nil
	case got.code/100 != 2:
		return failed("2108", "%s", x.webError(got)), nil
	case got.code == http.StatusAccepted && got.location != "":
		// Unverified: it may also be polled. A template must not depend on either.
		return failed("2108", "the answer is a 202 with a Location: waiting twice"), nil
	}
	select {
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	case <-time.After(x.Patience):
		return Outcome{Status: Failed, Code: "TimedOut", Message: "TimedOut: there was no callback"}, nil
	case post := <-posts:
		return called(post, p.Report), nil
	}
}

// subscription is the first request, with callBackUri in its body; nil if it
// cannot be built.
func (x *run) subscription(ctx context.Context, a Activity, p *httpProperties, uri string) (*http.Request, Outcome) {
	if p.Method != http.MethodPost || p.Body == nil || p.Headers["Content-Type"] == nil {
		return nil, failed("2104", "a WebHook activity needs POST, a body and a Content-Type")
	}
	text, err := x.text(p.Body)
	body, ok := object([]byte(text))
	if err != nil || !ok {
		return nil, failed("2104", "the body is no JSON object: %s %v", text, err)
	}
	body["callBackUri"] = uri
	p.Body = body
	address, err := x.address(a, *p)
	if err != nil {
		return nil, failed("2104", "%v", err)
	}
	req, err := x.request(ctx, address, *p)
	if err != nil {
		return nil, failed("2104", "%v", err)
	}
	return req, Outcome{}
}

// called returns the outcome of an activity after its callback. Without report,
// every callback is a success (unverified).
func called(post []byte, report bool) Outcome {
	var c struct {
		StatusCode string
		Output     map[string]any
		Error      struct{ ErrorCode, Message string }
	}
	if err := json.Unmarshal(post, &c); err != nil {
		return failed("2104", "the callback is not as documented: %v", err)
	}
	code, err := strconv.Atoi(c.StatusCode)
	if report && (err != nil || code >= 400) {
		return Outcome{Status: Failed, Output: c.Output, Code: c.Error.ErrorCode, Message: c.Error.Message}
	}
	return Outcome{Status: Succeeded, Output: c.Output}
}
