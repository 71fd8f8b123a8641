package powerbi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"pbirefresh/internal/foreign"
)

// Options of a [Client]. The zero value is fine.
type Options struct {
	Cloud     Cloud              // where Power BI is; zero: public
	Version   string             // of the program, for the User-Agent; empty: dev
	Transport policy.Transporter // sends requests; nil: the client's own
	Timeout   time.Duration      // of one call, token included; 0: a minute
	// StartTimeout is the Timeout of StartRefresh; 0: [DefaultStartTimeout].
	StartTimeout time.Duration
	Logger       *slog.Logger // nil: silent
}

// DefaultStartTimeout is longer than the slowest answer to a start that was reported: a
// capacity that wakes answers after about 100 s (seen: 503 with an HTML body for as long
// after a capacity was resumed).
const DefaultStartTimeout = 150 * time.Second

// Client calls Power BI. Create one for the process with [NewClient]: it caches the token
// and the state of throttling.
type Client struct {
	api       string
	userAgent string
	timeout   time.Duration
	starting  time.Duration // time-out of a start
	auth      *authorizer
	pipeline  runtime.Pipeline
	warm      runtime.Pipeline // ends at the token
}

// NewClient returns a client whose requests carry tokens of cred. It does no I/O.
func NewClient(cred azcore.TokenCredential, opts Options) (*Client, error) {
	if cred == nil {
		return nil, errors.New("powerbi: the client needs a credential")
	}
	if opts.Cloud == (Cloud{}) {
		opts.Cloud = clouds()[0]
	}
	if err := opts.Cloud.check(); err != nil {
		return nil, err
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	timeout, starting := cmp.Or(opts.Timeout, time.Minute), cmp.Or(opts.StartTimeout, DefaultStartTimeout)
	if opts.Transport == nil {
		opts.Transport = newTransport(max(timeout, starting))
	}
	c := &Client{
		api:       opts.Cloud.API,
		userAgent: "pbirefresh/" + cmp.Or(opts.Version, "dev"),
		timeout:   timeout,
		starting:  starting,
		auth:      newAuthorizer(cred, opts.Cloud.Scope, opts.Logger),
	}
	c.pipeline = c.chain(sender{opts.Transport}, new(throttle))
	c.warm = c.chain(noopTransport{})
	return c, nil
}

// chain puts azcore's retry policy between the perCall policies and the token.
func (c *Client) chain(t policy.Transporter, perCall ...policy.Policy) runtime.Pipeline {
	return runtime.NewPipeline("powerbi", "v1", runtime.PipelineOptions{
		PerCall:  perCall,
		PerRetry: []policy.Policy{c.auth},
	}, &policy.ClientOptions{
		Transport: t,
		Telemetry: policy.TelemetryOptions{Disabled: true},
	})
}

// noopTransport answers without sending.
type noopTransport struct{}

// Do implements policy.Transporter.
func (noopTransport) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

// Warm obtains a token, unless one is cached, so that the next call does not wait for
// it. Its error has [CodeCredentialUnavailable].
func (c *Client) Warm(ctx context.Context) error {
	k := &call{op: "get a token", endpoint: others}
	_, err := c.send(ctx, c.warm, k, request{method: http.MethodGet}, http.StatusNoContent)
	return err
}

// RenewToken obtains a new token after a rejection. Call it before repeating a change
// that failed with [CodeTokenRejected]: the rejected token is already discarded, so any
// number of callers cost one token request. Without a rejection it is [Client.Warm]. If
// the rejected token was itself new, the error is [CodeTokenRejected] again: do not repeat.
func (c *Client) RenewToken(ctx context.Context) error {
	if c.auth.stuck() {
		return &Error{
			Op: "renew the token", Code: CodeTokenRejected, Outcome: NotSent,
			Message: "Power BI rejected a token that had just been renewed",
			Remedy:  remedy(CodeTokenRejected, others), RetryAfter: renewInterval,
		}
	}
	return c.Warm(ctx)
}

// request is one HTTP request.
type request struct {
	method string
	path   string
	query  string
	body   []byte // nil: none, with Content-Length: 0 where the method has a body
}

// response is an answer with an expected status, read to its end.
type response struct {
	status int
	header http.Header
	body   []byte
}

// do sends r and returns the answer if its status is one of want.
func (c *Client) do(ctx context.Context, k *call, r request, want ...int) (*response, error) {
	return c.send(ctx, c.pipeline, k, r, want...)
}

func (c *Client) send(ctx context.Context, p runtime.Pipeline, k *call, r request, want ...int) (*response, error) {
	req, err := c.newRequest(ctx, k, r)
	if err != nil {
		return nil, invalid(k, err)
	}
	resp, err := p.Do(req) //nolint:bodyclose // sender has closed it; the body is in memory
	// azcore's retry policy returns both if the context ended while the answer
	// arrived. The answer to a change must be used; a read has failed.
	if err != nil && (resp == nil || !k.once) {
		return nil, k.failed(err)
	}
	if !slices.Contains(want, resp.StatusCode) {
		return nil, refusal(k, resp)
	}
	body, err := runtime.Payload(resp) // in memory since sender
	if err != nil {
		return nil, k.failed(err)
	}
	return &response{resp.StatusCode, resp.Header, body}, nil
}

func (c *Client) newRequest(ctx context.Context, k *call, r request) (*policy.Request, error) {
	ctx = context.WithValue(ctx, callKey{}, k)
	ctx = policy.WithRetryOptions(ctx, c.retries(k))
	req, err := runtime.NewRequest(ctx, r.method, runtime.JoinPaths(c.api, r.path))
	if err != nil {
		return nil, err
	}
	req.Raw().URL.RawQuery = r.query
	req.Raw().Header.Set("User-Agent", c.userAgent)
	req.Raw().Header.Set("Accept", "application/json")
	if id, ok := ctx.Value(requestIDKey{}).(string); ok && k.endpoint == starts {
		req.Raw().Header.Set("RequestId", id)
		req.Raw().Header.Set("x-ms-client-request-id", id)
	}
	if r.body == nil {
		return req, nil
	}
	return req, req.SetBody(streaming.NopCloser(bytes.NewReader(r.body)), "application/json")
}

// retries repeats reads a few times, briefly, and changes never. It does not repeat a
// 429: the throttle applies it, and only the caller can wait an hour (seen).
func (c *Client) retries(k *call) policy.RetryOptions {
	o := policy.RetryOptions{
		MaxRetries:    2,
		TryTimeout:    c.timeout,
		RetryDelay:    300 * time.Millisecond,
		MaxRetryDelay: 3 * time.Second,
		StatusCodes: []int{
			http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		},
	}
	if k.once {
		o.MaxRetries = -1
	}
	if k.endpoint == starts {
		o.TryTimeout = c.starting
	}
	return o
}

// answerTo parses the answer to a call.
func answerTo(c *call, resp *http.Response) answer {
	a := answerOf(resp)
	a.challenged = c.challenged
	return a
}

// answerOf parses an answer whose body is in memory; it can be read again.
func answerOf(resp *http.Response) answer {
	body, err := runtime.Payload(resp)
	if err != nil {
		body = nil // the status and the headers suffice
	}
	return readAnswer(resp.StatusCode, resp.Header, body)
}

// refusal returns the Error of an answer with an unexpected status.
func refusal(k *call, resp *http.Response) *Error {
	a := answerTo(k, resp)
	code, outcome := classify(k.endpoint, a)
	if _, challenged := challengeClaims(k.challenge); challenged {
		code = CodeTokenRejected
	}
	e := &Error{
		Op: k.op, Code: code, Status: a.status, Outcome: outcome,
		Message: a.message, PowerBICode: a.code, RequestID: a.requestID,
		RetryAfter: a.retryAfter, Remedy: remedyFor(code, k, a),
	}
	if k.endpoint == starts && outcome == Unknown {
		e.RefreshIDs = refreshIDs(resp.Header)
	}
	return e
}

// Unreadable begins the message of an error whose answer is not JSON of the documented form.
const Unreadable = "the answer cannot be read"

// decode parses the body of an answer with an expected status.
func decode(k *call, r *response, into any) error {
	err := json.Unmarshal(r.body, into)
	if err == nil {
		return nil
	}
	if words := between(r.status, r.header, r.body); words != "" {
		return &Error{Op: k.op, Code: CodeNotPowerBI, Status: r.status, Outcome: Unknown, Message: words,
			RequestID: foreign.Masked(r.header.Get("RequestId"), 64), Remedy: remedy(CodeNotPowerBI, k.endpoint), err: err}
	}
	return &Error{
		Op: k.op, Code: CodeUnexpected, Status: r.status, Outcome: Unknown,
		Message:   foreign.Masked(Unreadable+": "+err.Error(), maxMessage),
		RequestID: foreign.Masked(r.header.Get("RequestId"), 64),
		Remedy:    remedy(CodeUnexpected, k.endpoint), err: err,
	}
}
