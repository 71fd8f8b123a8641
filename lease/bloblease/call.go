package bloblease

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/lease"
)

// call follows the requests of one operation: the first and its retries.
type call struct {
	lingers bool // a request that is not answered in its time stays on its way

	mu       sync.Mutex
	sent     bool // some request may have reached the service
	doubtful bool // some request may have been carried out although its answer does not say so
	open     int  // requests without an answer
	over     bool // no further request will be sent
	answered chan struct{}
}

type callKey struct{}

// withOneTry lets an operation send one request.
func withOneTry(ctx context.Context) (context.Context, *call) {
	return follow(ctx, &call{}, policy.RetryOptions{MaxRetries: -1, TryTimeout: writeTimeout})
}

// withRetries lets an operation be retried while somebody may hold a lease.
func withRetries(ctx context.Context) (context.Context, *call) {
	return follow(ctx, &call{}, retries(tryTimeout))
}

// withListRetries is withRetries for an operation whose answer is large.
func withListRetries(ctx context.Context) (context.Context, *call) {
	return follow(ctx, &call{}, retries(listTimeout))
}

// withLingering is withRetries for an acquire: what becomes of a request that was not
// answered in its time matters as long as it can take the lease.
func withLingering(ctx context.Context) (context.Context, *call) {
	return follow(ctx, &call{lingers: true, answered: make(chan struct{})}, retries(tryTimeout))
}

func retries(timeout time.Duration) policy.RetryOptions {
	return policy.RetryOptions{MaxRetries: 2, TryTimeout: timeout, RetryDelay: 50 * time.Millisecond, MaxRetryDelay: 250 * time.Millisecond}
}

func follow(ctx context.Context, c *call, o policy.RetryOptions) (context.Context, *call) {
	return policy.WithRetryOptions(context.WithValue(ctx, callKey{}, c), o), c
}

// linger sends a request and returns when it is answered or its time is over. The
// request then stays on its way, so that its answer is known when it comes.
//
// It goes to the transport directly: tries of one call share the SDK's request, whose
// values the policies behind this one write, and one try may be on its way beside the
// next. What those policies add is logging and tracing, which are off.
func (c *call) linger(req *policy.Request, transport policy.Transporter) (*http.Response, error) {
	type result struct {
		resp *http.Response
		err  error
	}
	ctx := req.Raw().Context()
	on, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease.Duration)
	raw := req.Raw().Clone(on)
	done := make(chan result, 1)
	c.begin()
	go func() {
		defer cancel()
		resp, err := transport.Do(raw) //nolint:bodyclose // buffered reads it
		if err == nil {
			resp, err = buffered(resp) //nolint:bodyclose // it closes the body
		}
		c.end(resp, err)
		done <- result{resp, err}
	}()
	select {
	case r := <-done:
		return r.resp, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *call) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
}

// end notes how a request ended. One that broke off without an answer stays open: it
// may still be on its way to the service.
func (c *call) end(resp *http.Response, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var large tooLargeError
	switch {
	case beforeSending(err):
		c.open--
	case err != nil && !errors.As(err, &large):
		c.sent = true
	default:
		c.sent = true
		c.open--
		c.doubtful = c.doubtful || resp != nil && !definite(resp.StatusCode)
	}
	c.settle()
}

// settle closes answered once there is nothing left to wait for. It wants the lock.
func (c *call) settle() {
	if c.over && c.open == 0 && c.answered != nil {
		close(c.answered)
		c.answered = nil
	}
}

// close ends the operation. It returns nil if every request was answered for good, and
// else a channel that is closed when every request is answered.
func (c *call) close() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.open == 0 && !c.doubtful {
		return nil
	}
	answered := c.answered
	c.settle()
	return answered
}

// landed reports that a request may have been carried out, or still may, although the
// error that the operation ended with says otherwise.
func (c *call) landed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubtful || c.open > 0
}

// unanswered reports that a request was sent and has no answer.
func (c *call) unanswered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open > 0
}

// reached reports that a request may have reached the service.
func (c *call) reached() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent || c.open > 0
}
