package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// waiter wants one refresh and waits for its end.
type waiter struct {
	ref     sim.Ref
	whole   bool      // it wants all tables
	arrived time.Time // before its request left
	id      string    // from the 202; empty: nothing was promised
	url     string    // its status URL
	cancels bool      // it asks for the end at once
	ended   handler.StatusDocument
}

// load lets callers come, four at a time, until ctx ends.
func (r *rollout) load(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ctx.Err() == nil; i += 4 {
		for j := range 4 {
			r.asked.Go(func() { r.ask(i + j) })
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// ask sends the i-th request. Two at a time want one model, through different instances;
// some models are wanted more than others, and some callers want a table only.
func (r *rollout) ask(i int) {
	one := &waiter{ref: r.models[i/2%7*(i/2%3+1)%rolloutModels], whole: i%5 != 3, cancels: i%9 == 4}
	want := body(one.ref)
	if !one.whole {
		want = fmt.Sprintf(`{"workspaceId":%q,"datasetId":%q,"options":{"objects":[{"table":"DimDate"}]}}`, one.ref.Workspace, one.ref.Model)
	}
	one.arrived = time.Now()
	doc, err := r.trigger(i, want, i)
	if err != nil {
		r.refused(err)
		return
	}
	one.id, one.url = doc.ID, doc.StatusURL
	r.repeat(i, want, one)
	if one.cancels {
		r.cancel(i+1, one)
	}
	r.mu.Lock()
	r.callers = append(r.callers, one)
	r.mu.Unlock()
	r.promises <- struct{}{}
}

// trigger sends the i-th request through an instance.
func (r *rollout) trigger(i int, want string, through int) (handler.StatusDocument, error) {
	at := r.take(through)
	defer at.calls.Done()
	client := *at.client
	if r.repeats && i%6 == 1 {
		client.HTTP = &http.Client{Transport: withKey(fmt.Sprint("request-", i))}
	}
	return client.Trigger(r.t.Context(), []byte(want))
}

// repeat sends a request with a key again, through another instance: it is the same one.
func (r *rollout) repeat(i int, want string, one *waiter) {
	if !r.repeats || i%6 != 1 {
		return
	}
	switch again, err := r.trigger(i, want, i+1); {
	case err != nil:
		r.refused(err)
	case again.ID != one.id:
		r.t.Errorf("one key and two operations: %s and %s", one.id, again.ID)
	}
}

// withKey sends a request under an idempotency key.
type withKey string

// RoundTrip implements [http.RoundTripper].
func (k withKey) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Idempotency-Key", string(k))
	return http.DefaultTransport.RoundTrip(req)
}

// cancel asks another instance for the end. What has ended already is not cancelled.
func (r *rollout) cancel(i int, one *waiter) {
	at := r.take(i)
	defer at.calls.Done()
	_, err := at.client.Cancel(r.t.Context(), one.url)
	var e *handler.Error
	over := errors.As(err, &e) && (e.Status == http.StatusGone || e.Status == http.StatusConflict)
	if err != nil && !over {
		r.refused(err)
	}
}

// refused: "not now" is an answer, and so is a connection that dies with its process.
func (r *rollout) refused(err error) {
	r.mu.Lock()
	r.refusals++
	r.mu.Unlock()
	var e *handler.Error
	if errors.As(err, &e) && e.Status != http.StatusServiceUnavailable && e.Status != http.StatusInternalServerError {
		r.t.Errorf("refused: %d %v", e.Status, err)
	}
}

// served waits until so many more callers were promised their refresh.
func (r *rollout) served(n int) {
	r.t.Helper()
	for len(r.promises) > 0 {
		<-r.promises // of before
	}
	limit := time.After(2 * time.Minute)
	for range n {
		select {
		case <-r.promises:
		case <-limit:
			r.t.Fatal("hardly anybody is served")
		}
	}
}

// finish waits for the end of everything that was promised.
func (r *rollout) finish() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Minute) // a POST cut off by a kill settles in about four (150 s for its answer, then the window)
	defer cancel()
	var all sync.WaitGroup
	for i, one := range r.callers {
		all.Go(func() { r.look(ctx, i, one) })
	}
	all.Wait()
}

// look looks until it has ended, more often than Retry-After wants: that may be a minute
// for an operation behind one whose POST is under way.
func (r *rollout) look(ctx context.Context, i int, one *waiter) {
	at := r.take(i)
	defer at.calls.Done()
	for {
		doc, _, err := at.client.Status(ctx, at.at(one.url))
		switch {
		case err == nil && doc.Status.Terminal():
			one.ended = doc
			return
		case ctx.Err() != nil:
			r.t.Errorf("lost: %s of %s: %s (%v)", one.id, one.ref.Model, doc.Phase, err)
			return
		case err != nil:
			r.refused(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
