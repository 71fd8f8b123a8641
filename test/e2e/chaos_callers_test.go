//go:build chaos

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"pbirefresh/handler"
	"pbirefresh/internal/wait"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// answerLimit is how long a caller waits for an answer: what the WebHook activity allows.
const answerLimit = time.Minute

// caller wants one refresh. It is used by one goroutine at a time.
type caller struct {
	ref       sim.Ref
	whole     bool      // it wants all tables
	arrived   time.Time // before its request left
	id        string    // from the 202; empty: nothing was promised
	url       string    // its status URL
	cancelled bool      // it asked for the end, whatever came of it
	ended     *handler.StatusDocument
}

// newCallers spreads callers over the models: some models are wanted much more.
func newCallers(n int, models []sim.Ref) []*caller {
	d := dice(6)
	list := make([]*caller, n)
	for i := range list {
		list[i] = &caller{ref: models[min(d.IntN(len(models)), d.IntN(len(models)))]}
	}
	return list
}

// live arrives at some time of the storm, asks, looks a few times through other
// hosts, perhaps cancels, and leaves.
func (o *caller) live(ctx context.Context, c *chaos, d *rand.Rand) {
	if !wait.For(ctx, between(d, 0, *chaosFor-5*time.Second)) {
		return
	}
	o.ask(c.t.Context(), c, c.fleet.any(d), d)
	if o.id == "" {
		return
	}
	cancelAt := -1
	if d.IntN(8) == 0 {
		cancelAt = d.IntN(2)
	}
	for look := range 1 + d.IntN(4) {
		if look == cancelAt {
			o.cancel(c.t.Context(), c, c.fleet.any(d))
		}
		if !wait.For(ctx, between(d, 200*time.Millisecond, 8*time.Second)) {
			return
		}
		o.look(c.t.Context(), c, c.fleet.any(d))
	}
}

func (o *caller) ask(ctx context.Context, c *chaos, a *app, d *rand.Rand) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	c.tally.triggers.Add(1)
	want := o.body(d)
	o.arrived = time.Now()
	doc, err := a.client.Trigger(ctx, []byte(want))
	if err != nil {
		c.refused(o, "trigger", err)
		return
	}
	c.tally.promised.Add(1)
	o.id, o.url = doc.ID, doc.StatusURL
}

// body asks for the whole model, or on a dedicated capacity sometimes for a table.
func (o *caller) body(d *rand.Rand) string {
	if o.ref.Workspace == sim.WorkspaceID && d.IntN(6) == 0 {
		return fmt.Sprintf(`{"workspaceId":%q,"datasetId":%q,"options":{"objects":[{"table":"DimDate"}]}}`, o.ref.Workspace, o.ref.Model)
	}
	o.whole = true
	return body(o.ref)
}

// look reads the status. What has ended once must stay as it is.
func (o *caller) look(ctx context.Context, c *chaos, a *app) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	doc, _, err := a.client.Status(ctx, a.at(o.url))
	switch {
	case err != nil:
		c.refused(o, "status", err)
	case o.ended != nil && verdict(doc) != verdict(*o.ended):
		c.t.Errorf("%s of %s ended as %q and then as %q", o.id, o.ref.Model, verdict(*o.ended), verdict(doc))
	case doc.Status.Terminal():
		o.ended = &doc
	}
}

func (o *caller) cancel(ctx context.Context, c *chaos, a *app) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	o.cancelled = true
	c.tally.cancels.Add(1)
	if _, err := a.client.Cancel(ctx, o.url); err != nil {
		c.refused(o, "cancel", err)
	}
}

// refused counts answers that say "not now", and connections to those who died.
// Any other refusal is untrue: the requests are right and the ids are real.
func (c *chaos) refused(o *caller, call string, err error) {
	var e *handler.Error
	switch {
	case !errors.As(err, &e):
		c.tally.broken.Add(1)
	case e.Status == http.StatusServiceUnavailable:
		c.tally.unavailable.Add(1)
		if e.Code == machine.CodeUnavailable {
			c.t.Errorf("a %s of %s is refused, and the storage works: %v", call, o.ref.Model, e)
		}
	case e.Code == "UnexpectedAnswer" && e.Status >= http.StatusInternalServerError:
		c.tally.broken.Add(1) // the host's own words for a handler that died
	case call == "cancel" && (e.Status == http.StatusConflict || e.Status == http.StatusGone):
	default:
		c.t.Errorf("%s of %s %s: %d %v", call, o.ref.Model, o.id, e.Status, err)
	}
}

// cause is how it ended, and why.
func cause(d handler.StatusDocument) string {
	if d.Error == nil {
		return string(d.Status)
	}
	return string(d.Status) + " " + d.Error.Code
}

// verdict is the part of an answer that must be the same from every process.
func verdict(d handler.StatusDocument) string {
	by := ""
	if d.Result != nil {
		by = " by " + d.Result.RefreshID
	}
	return fmt.Sprintf("%s%s at %s after %d", cause(d), by, d.Ended.Format(time.RFC3339Nano), len(d.Attempts))
}
