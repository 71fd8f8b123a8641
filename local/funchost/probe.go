package funchost

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	probeInterval = 25 * time.Millisecond // azure-functions-host, source
	// clientExtra is what the host adds to functionTimeout for its HTTP client.
	clientExtra = time.Minute
)

// errNotReady is a handler that did not listen within its time.
var errNotReady = errors.New("funchost: the handler does not listen")

// A probe asks a handler whether it is ready: GET / until anything but a refused
// connection comes. A handler that listens and does not answer fails the start.
type probe struct {
	budget  time.Duration // the pauses between two questions count, not the questions
	timeout time.Duration // of one question; 0: none
}

func newProbe(s HostSettings) probe {
	p := probe{budget: s.InitializationTimeout}
	if s.FunctionTimeout > 0 {
		p.timeout = s.FunctionTimeout + clientExtra
	}
	return p
}

// run returns nil once the handler is ready.
func (p probe) run(ctx context.Context, c *client, address string) error {
	var refused dialError
	for waited := time.Duration(0); waited <= p.budget; waited += probeInterval {
		if err := p.ask(ctx, c, address); !errors.As(err, &refused) {
			return err
		}
		select {
		case <-time.After(probeInterval):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return errNotReady
}

// ask sends one question. A connection that ends without an answer is one too.
func (p probe) ask(ctx context.Context, c *client, address string) error {
	asking := ctx
	if p.timeout > 0 {
		var cancel context.CancelFunc
		asking, cancel = context.WithTimeout(ctx, p.timeout)
		defer cancel()
	}
	_, err := c.send(asking, message{method: http.MethodGet, target: "/", header: fields{{"Host", address}}})
	var refused dialError
	if errors.As(err, &refused) {
		return err
	}
	return context.Cause(asking)
}
