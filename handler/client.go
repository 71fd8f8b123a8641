package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"pbirefresh/refresh"
)

// Client calls the routes of this package. It is safe for concurrent use.
type Client struct {
	BaseURL string       // such as https://app.azurewebsites.net
	Key     string       // a function key; sent to the app's own host only
	HTTP    *http.Client // nil: one with the defaults; redirects are not followed
}

// maxAnswer is more than any answer of these routes; lists are the longest.
const maxAnswer = 16 << 20

// Trigger asks for a refresh. The body is the JSON of a request. It returns how
// the operation stands, or an [*Error] as the service gave it.
func (c *Client) Trigger(ctx context.Context, body []byte) (StatusDocument, error) {
	doc, _, err := c.call(ctx, http.MethodPost, c.BaseURL+"/api/refreshes", body)
	return doc, err
}

// Status reads how an operation stands, and how long to wait before the next
// look; zero once it has ended. A failed operation is no error: see its Status.
func (c *Client) Status(ctx context.Context, statusURL string) (StatusDocument, time.Duration, error) {
	return c.call(ctx, http.MethodGet, statusURL, nil)
}

// Operation reads an operation by its id, with the key, as Status does.
func (c *Client) Operation(ctx context.Context, id string) (StatusDocument, time.Duration, error) {
	return c.call(ctx, http.MethodGet, c.operationURL(id), nil)
}

// Cancel cancels an operation, or its caller's share of it, by its status URL.
func (c *Client) Cancel(ctx context.Context, statusURL string) (StatusDocument, error) {
	u, err := url.Parse(statusURL)
	if err != nil {
		return StatusDocument{}, err
	}
	address := c.operationURL(path.Base(u.Path)) + "/cancel?sig=" + url.QueryEscape(u.Query().Get("sig"))
	doc, _, err := c.call(ctx, http.MethodPost, address, nil)
	return doc, err
}

// CancelAll cancels an operation for every caller. Key must be the master key.
func (c *Client) CancelAll(ctx context.Context, id string) (StatusDocument, error) {
	doc, _, err := c.call(ctx, http.MethodPost, c.operationURL(id)+"/cancel-all", nil)
	return doc, err
}

// CancelForAll cancels an operation for every caller, if the app's policy gives the
// caller of Key the right to.
func (c *Client) CancelForAll(ctx context.Context, id string) (StatusDocument, error) {
	doc, _, err := c.call(ctx, http.MethodPost, c.operationURL(id)+"/cancel-for-all", nil)
	return doc, err
}

func (c *Client) operationURL(id string) string {
	return c.BaseURL + "/api/operations/" + url.PathEscape(id)
}

// trouble is how long Watch tolerates errors that may pass: a process is replaced, a new
// version is deployed, the network is down.
const trouble = 5 * time.Minute

// Watch polls an operation to its end and calls report with each status. After the first
// status it tolerates passing errors for five minutes; before it, only answers that ask to
// try again. Any other error, and the end of ctx, end it early.
func (c *Client) Watch(ctx context.Context, statusURL string, report func(StatusDocument)) (StatusDocument, error) {
	reported, well := false, time.Now()
	for {
		doc, wait, err := c.Status(ctx, statusURL)
		if err == nil {
			reported, well = true, time.Now()
			if report(doc); doc.Status.Terminal() {
				return doc, nil
			}
		} else if wait = mayPass(err, reported); wait == 0 || time.Since(well) > trouble {
			return doc, err
		}
		select {
		case <-time.After(max(wait, 250*time.Millisecond)):
		case <-ctx.Done():
			return doc, ctx.Err()
		}
	}
}

// mayPass is how long to wait after an error that may pass; zero if it will not. No
// answer at all is one only from an address that has answered before.
func mayPass(err error, answered bool) time.Duration {
	var e *Error
	switch {
	case !errors.As(err, &e) && answered:
		return comeAgain
	case e != nil && (e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError):
		return max(e.RetryAfter, time.Second)
	}
	return 0
}

func (c *Client) call(ctx context.Context, method, address string, body []byte) (StatusDocument, time.Duration, error) {
	resp, answer, err := c.send(ctx, method, address, body) //nolint:bodyclose // send has closed it
	if err != nil {
		return StatusDocument{}, 0, err
	}
	return read(resp, answer)
}

// send returns an answer and its body, which is read.
func (c *Client) send(ctx context.Context, method, address string, body []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.Key != "" && strings.HasPrefix(address, c.BaseURL+"/") {
		req.Header.Set("x-functions-key", c.Key)
	}
	resp, err := c.client().Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp, answer, err
}

// client follows no redirect: it would take the function key along, to any host.
func (c *Client) client() *http.Client {
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// longestWait is what is believed of a Retry-After: the app asks for a minute at most,
// what stands before it perhaps for more.
const longestWait = 10 * time.Minute

// read distinguishes an operation's outcome from an error by the member "status", as every
// caller should.
func read(resp *http.Response, answer []byte) (StatusDocument, time.Duration, error) {
	wait := time.Duration(0)
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		wait = min(max(0, time.Duration(min(n, 1<<20))*time.Second), longestWait)
	}
	var doc StatusDocument
	if json.Unmarshal(answer, &doc) == nil && doc.Status != "" {
		return doc, wait, nil
	}
	var wire errorDocument
	if json.Unmarshal(answer, &wire) == nil && wire.Error.Code != "" {
		e := wire.Error
		return doc, 0, &Error{Status: resp.StatusCode, Code: e.Code, Message: e.Message, Target: e.Target, Details: e.Details, RetryAfter: wait}
	}
	return doc, 0, &Error{Status: resp.StatusCode, Code: "UnexpectedAnswer",
		Message: fmt.Sprintf("the service answered %s without saying why%s", resp.Status, hint(resp.StatusCode)), RetryAfter: wait}
}

func hint(status int) string {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return ": it sends callers elsewhere; use that address (https?)"
	case http.StatusUnauthorized:
		return ": the function key is missing or wrong"
	case http.StatusNotFound:
		return ": is this the address of the function app?"
	default:
		return ""
	}
}

var _ Refresher = (*refresh.Coordinator)(nil)
