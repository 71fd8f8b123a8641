package leasetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pbirefresh/lease"
)

var errLate = errors.New("leasetest: the request is late")

// Late is the fault of a network that delays requests: each call fails with
// [lease.ErrUnknown] and is kept, and is executed after its caller gave up and after
// others went on. The zero value is ready for use. Its methods may be called
// concurrently.
type Late struct {
	mu    sync.Mutex
	calls []Call
}

// Hook keeps a call. It is a [Hook].
func (l *Late) Hook(call Call) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
	return false, fmt.Errorf("%w: %w", lease.ErrUnknown, errLate)
}

// Deliver executes what was kept, in the order in which it was sent, and returns the
// outcomes that no caller sees.
func (l *Late) Deliver(ctx context.Context) []error {
	l.mu.Lock()
	calls := l.calls
	l.calls = nil
	l.mu.Unlock()
	errs := make([]error, len(calls))
	for i, call := range calls {
		errs[i] = call.Land(ctx)
	}
	return errs
}

// EachLate makes every nth call of an operation late: it is executed after delay, by a
// goroutine of its own that ends before wait returns.
func EachLate(n int, delay time.Duration) (hook Hook, wait func()) {
	var mu sync.Mutex
	underWay, idle := 0, sync.NewCond(&mu)
	count := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		underWay += by
		idle.Broadcast()
	}
	wait = func() {
		mu.Lock()
		defer mu.Unlock()
		for underWay > 0 {
			idle.Wait()
		}
	}
	return func(call Call) (bool, error) {
		if call.N%n != 0 {
			return Pass(call)
		}
		count(1)
		go func() {
			defer count(-1)
			time.Sleep(delay)
			_ = call.Land(context.Background())
		}()
		return false, fmt.Errorf("%w: %w", lease.ErrUnknown, errLate)
	}, wait
}
