package funchost

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	probeInterval = 25 * time.Millisecond // azure-functions-host, source
	// clientExtra is what the host adds to functionTimeout for its HTTP client.
	clientExtra = time.Minute
)

// A probe asks a handler whether it is ready: GET / until any answer.
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

// run returns false when the time is over or ctx is done.
func (p probe) run(ctx context.Context, transport http.RoundTripper, address string) bool {
	for waited := time.Duration(0); waited <= p.budget; waited += probeInterval {
		if p.answers(ctx, transport, address) {
			return true
		}
		select {
		case <-time.After(probeInterval):
		case <-ctx.Done():
			return false
		}
	}
	return false
}

// answers takes only a failure to connect for "not yet". Any other error counts
// as ready, and so does a time-out (the latter is unverified).
func (p probe) answers(ctx context.Context, transport http.RoundTripper, address string) bool {
	asking := ctx
	if p.timeout > 0 {
		var cancel context.CancelFunc
		asking, cancel = context.WithTimeout(ctx, p.timeout)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(asking, http.MethodGet, "http://"+address+"/", http.NoBody)
	if err != nil {
		return false
	}
	response, err := transport.RoundTrip(request)
	if err == nil {
		_ = response.Body.Close()
		return true
	}
	var network *net.OpError
	return ctx.Err() == nil && (!errors.As(err, &network) || network.Op != "dial")
}
