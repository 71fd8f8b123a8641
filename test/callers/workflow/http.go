package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/test/callers/expr"
)

const (
	pollEvery = 20 * time.Second // without Retry-After (LAC)
	retries   = 4                // LAX
	retryPace = 7500 * time.Millisecond
)

// request is the inputs of an Http action and of a subscription.
type request struct {
	Method         string          `json:"method"`
	URI            string          `json:"uri"`
	Headers        map[string]any  `json:"headers"`
	Body           any             `json:"body"`
	Authentication *authentication `json:"authentication"`
}

type authentication struct {
	Type     string `json:"type"`
	Audience string `json:"audience"`
}

// http is an Http action.
func (x *run) http(ctx context.Context, a Action) (Outcome, error) {
	var p request
	if err := decode(a.Inputs, &p); err != nil {
		return Outcome{}, err
	}
	got, outcome, err := x.call(ctx, p)
	for err == nil && got.code == http.StatusAccepted {
		location := got.location()
		if location == "" {
			return failed("202 without an absolute Location"), nil
		}
		if !wait.For(ctx, x.scaled(got.retryAfter())) {
			return Outcome{}, ctx.Err()
		}
		poll := request{Method: http.MethodGet, URI: location}
		if x.KeepsAuthentication {
			poll.Authentication = p.Authentication
		}
		got, outcome, err = x.call(ctx, poll)
	}
	return outcome, err
}

// answer is a response that has been read.
type answer struct {
	code   int
	status string
	header http.Header
	body   []byte
}

// location is the URL to poll, empty if there is none.
func (a answer) location() string {
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || !u.IsAbs() {
		return ""
	}
	return u.String()
}

func (a answer) retryAfter() time.Duration {
	if n, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil {
		return time.Duration(n) * time.Second
	}
	return pollEvery
}

// call sends a request, and repeats it after the statuses of the retry policy. The
// outcome is valid for any answer except a 202.
func (x *run) call(ctx context.Context, p request) (answer, Outcome, error) {
	for try := 0; ; try++ {
		req, err := x.build(ctx, p)
		if err != nil {
			return answer{}, failed("%v", err), nil
		}
		got, err := x.send(req)
		switch {
		case try < retries && (err != nil || passing(got.code)):
			if !wait.For(ctx, x.scaled(retryPace)) {
				return answer{}, Outcome{}, ctx.Err()
			}
		case err != nil:
			return answer{}, failed("%v", err), nil
		default:
			return got, ended(got), nil
		}
	}
}

func passing(code int) bool {
	return code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500
}

func (x *run) send(req *http.Request) (answer, error) {
	resp, err := x.Client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Status, resp.Header, body}, err
}

// ended returns an action's outcome by its last answer.
func ended(a answer) Outcome {
	o := Outcome{Status: Succeeded, Outputs: map[string]any{"statusCode": float64(a.code), "body": string(a.body)}}
	var value any
	if json.Unmarshal(a.body, &value) == nil {
		o.Outputs["body"] = value
	}
	if a.code/100 != 2 {
		o.Status, o.Message = Failed, a.status
	}
	return o
}

// build evaluates a request. The headers that the service drops are dropped (LAH).
func (x *run) build(ctx context.Context, p request) (*http.Request, error) {
	address, err := expr.Text(p.URI, x.scope())
	if err != nil {
		return nil, err
	}
	var body []byte
	if p.Body != nil {
		value, err := expr.Eval(p.Body, x.scope())
		if err != nil {
			return nil, err
		}
		body = []byte(expr.String(value))
	}
	req, err := http.NewRequestWithContext(ctx, p.Method, expr.String(address), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // or net/http would repeat a POST with an Idempotency-Key
	for name, value := range p.Headers {
		text, err := expr.Text(expr.String(value), x.scope())
		if err != nil {
			return nil, err
		}
		if !dropped(name) {
			req.Header.Set(name, expr.String(text))
		}
	}
	if p.Authentication != nil {
		req.Header.Set("Authorization", "Bearer "+x.Token(p.Authentication.Audience))
	}
	return req, nil
}

func dropped(header string) bool {
	name := strings.ToLower(header)
	switch name {
	case "content-disposition", "content-encoding", "content-type":
		return false
	case "allow", "cookie", "expires", "host", "last-modified", "origin", "set-cookie", "transfer-encoding":
		return true
	default:
		return strings.HasPrefix(name, "accept-") || strings.HasPrefix(name, "content-")
	}
}
