package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/test/callers/expr"
)

// answerWithin is how long a Web or WebHook activity waits for an answer (WEB, WH),
// and functionWithin an Azure Function activity (AF).
const (
	answerWithin   = time.Minute
	functionWithin = 230 * time.Second
)

// Function is a linked service of the type AzureFunction.
type Function struct{ URL, Key string }

// ReadFunction parses such a linked service. The key is a secret in a vault; secret
// returns its value.
func ReadFunction(text []byte, secret func(store, name string) string) (name string, f Function, err error) {
	var d struct {
		Name       string `json:"name"`
		Properties struct {
			Type       string `json:"type"`
			Properties struct {
				URL string `json:"functionAppUrl"`
				Key struct {
					Store struct {
						Name string `json:"referenceName"`
					} `json:"store"`
					Secret string `json:"secretName"`
				} `json:"functionKey"`
			} `json:"typeProperties"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(text, &d); err != nil || d.Properties.Type != "AzureFunction" {
		return "", f, fmt.Errorf("pipeline: no linked service for functions: %s: %w", d.Properties.Type, err)
	}
	p := d.Properties.Properties
	return d.Name, Function{URL: p.URL, Key: secret(p.Key.Store.Name, p.Key.Secret)}, nil
}

// httpProperties are those of all activities that send a request.
type httpProperties struct {
	Method   string         `json:"method"`
	Function any            `json:"functionName"`
	URL      any            `json:"url"`
	Relative any            `json:"relativeUrl"` // Fabric
	Headers  map[string]any `json:"headers"`
	Body     any            `json:"body"`
	Timeout  string         `json:"timeout"`
	Report   bool           `json:"reportStatusOnCallBack"`
	NoAsync  bool           `json:"turnOffAsync"`
	Auth     *struct {
		Type     string `json:"type"`
		Resource string `json:"resource"`
	} `json:"authentication"`
}

// address is the URL of an activity's request.
func (x *run) address(a Activity, p httpProperties) (string, error) {
	if p.URL != nil {
		return x.text(p.URL)
	}
	base, known := x.Connections[a.External.Connection]
	if !known {
		return "", fmt.Errorf("there is no connection %q", a.External.Connection)
	}
	relative, err := x.text(p.Relative)
	return strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(relative, "/"), err
}

// request evaluates an activity's request.
func (x *run) request(ctx context.Context, address string, p httpProperties) (*http.Request, error) {
	var body []byte
	if p.Body != nil {
		value, err := x.evaluate(p.Body)
		if err != nil {
			return nil, err
		}
		body = []byte(expr.String(value))
	}
	req, err := http.NewRequestWithContext(ctx, p.Method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // or net/http would repeat a POST with an Idempotency-Key
	for name, value := range p.Headers {
		text, err := x.text(value)
		if err != nil {
			return nil, err
		}
		req.Header.Set(name, text)
	}
	if p.Auth != nil {
		if p.Auth.Type != "MSI" {
			return nil, fmt.Errorf("authentication %s is not known here", p.Auth.Type)
		}
		req.Header.Set("Authorization", "Bearer "+x.Token(p.Auth.Resource))
	}
	return req, nil
}

// answer is a response that has been read.
type answer struct {
	code     int
	status   string
	location string
	body     []byte
}

func (x *run) send(ctx context.Context, req *http.Request, within time.Duration) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	resp, err := x.Client.Do(req.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Status, resp.Header.Get("Location"), body}, err
}

// web is a Web activity.
func (x *run) web(ctx context.Context, a Activity) (Outcome, error) {
	var p httpProperties
	if err := a.decode(&p); err != nil {
		return Outcome{}, err
	}
	address, err := x.address(a, p)
	if err != nil {
		return failed("2104", "%v", err), nil
	}
	req, err := x.request(ctx, address, p)
	if err != nil {
		return failed("2104", "%v", err), nil
	}
	got, err := x.send(ctx, req, answerWithin)
	for err == nil && got.code == http.StatusAccepted && !p.NoAsync {
		if got.location == "" {
			return failed("2108", "202 without Location"), nil
		}
		if !wait.For(ctx, x.Poll) {
			return Outcome{}, ctx.Err()
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodGet, got.location, nil); err == nil {
			got, err = x.send(ctx, req, answerWithin)
		}
	}
	switch {
	case err != nil:
		return failed("2128", "No response from the endpoint: %v", err), nil
	case got.code/100 != 2:
		return failed("2108", "%s", x.webError(got)), nil
	}
	output, ok := object(got.body)
	if !ok {
		return failed("2105", "the answer is no JSON object: %.60q", got.body), nil
	}
	return Outcome{Status: Succeeded, Output: output}, nil
}

// webError: TS documents the first form, without the body; the other was seen in
// azure-docs#73493. It is unverified which of them a status of 409 gets.
func (x *run) webError(got answer) string {
	if x.BareErrors {
		return fmt.Sprintf("Error calling the endpoint. Response status code: '%d'", got.code)
	}
	return fmt.Sprintf("Invoking Web Activity failed with HttpStatusCode - '%d', message - '%s'", got.code, got.body)
}

// function is an Azure Function activity.
func (x *run) function(ctx context.Context, a Activity) (Outcome, error) {
	var p httpProperties
	if err := a.decode(&p); err != nil {
		return Outcome{}, err
	}
	service, known := x.Functions[a.LinkedService.Name]
	if !known {
		return Outcome{}, fmt.Errorf("pipeline: there is no linked service %q", a.LinkedService.Name)
	}
	name, err := x.text(p.Function)
	if err != nil {
		return failed("3609", "%v", err), nil
	}
	if slices.Contains([]string{http.MethodPost, http.MethodPut}, p.Method) != (p.Body != nil) {
		return failed("3602", "a body is for POST and PUT, and they need one"), nil
	}
	req, err := x.request(ctx, strings.TrimSuffix(service.URL, "/")+"/api/"+name, p)
	if err != nil {
		return failed("3600", "%v", err), nil
	}
	req.Header.Set("x-functions-key", service.Key) // unverified: it may be ?code=
	got, err := x.send(ctx, req, functionWithin)
	if err != nil {
		return failed("3610", "There was an error while calling the endpoint: %v", err), nil
	}
	if got.code/100 != 2 {
		return failed("3608", "Call to provided Azure function '%s' failed with status-'%s' and message - '%s'.", name, got.status, got.body), nil
	}
	output, ok := object(got.body)
	if !ok {
		return failed("3603", "Response Content is not a valid JObject"), nil
	}
	return Outcome{Status: Succeeded, Output: output}, nil
}
