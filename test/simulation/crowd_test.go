package simulation

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// What a crowd may cost: refreshes of the model, and for each process writes of the
// state document in the first 25 seconds, the looks at the first refresh included.
const (
	crowdRefreshes = 2
	crowdWrites    = 12
)

// TestCrowd: a thousand callers who want the same at the same time cost two refreshes,
// and each process no more writes than ten of them (G7).
func TestCrowd(t *testing.T) {
	if elsewhere(t) {
		return
	}
	defer inOrder()()
	for _, callers := range []int{10, 1000} {
		for seed := uint64(1); seed <= crowds; seed++ {
			sow(t, seed)
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed, honest)
				w.crowd(t, callers)
				close(w.over)
				time.Sleep(10 * time.Minute)
			})
		}
	}
}

// crowd lets n callers ask within an instant, and follows them to their end.
func (w *world) crowd(t *testing.T, n int) {
	t.Helper()
	model := w.models[0]
	w.limits.pause = time.Second // no POST is late
	_ = w.cloud.PowerBI.Tune(refOf(model), func(k *sim.Knobs) { *k = sim.Knobs{Duration: 30 * time.Second} })
	request := refresh.Request{Model: model, Ask: machine.Ask{
		Shape: machine.Shape{Kind: machine.Auto}, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 1,
	}}
	for i := range n {
		p := w.procs[i%len(w.procs)]
		w.actors.Go(func() {
			ctx, leave := context.WithTimeout(context.Background(), time.Minute)
			defer leave()
			if receipt, err := p.c.Trigger(ctx, request); err != nil {
				t.Errorf("seed %d, %d callers: %v", w.seed, n, err)
			} else {
				w.follow(t, p, receipt)
			}
		})
	}
	time.Sleep(25 * time.Second) // nobody waits longer for an id, and no refresh has ended
	for _, p := range w.procs {
		if writes := p.written(); writes > crowdWrites {
			t.Errorf("seed %d: %d callers of %s cost %d writes, want at most %d", w.seed, n, p.name, writes, crowdWrites)
		}
	}
	w.actors.Wait()
	if done := len(w.refreshes(model)); done > crowdRefreshes {
		t.Errorf("seed %d: %d callers cost %d refreshes", w.seed, n, done)
	}
}

func (w *world) follow(t *testing.T, p *process, receipt refresh.Receipt) {
	for !receipt.View.Status.Terminal() {
		time.Sleep(receipt.View.RetryAfter)
		next, err := p.c.Status(t.Context(), receipt.Link())
		if err != nil {
			t.Errorf("seed %d: %v", w.seed, err)
			return
		}
		receipt = next
	}
	if receipt.View.Status != machine.StatusSucceeded {
		t.Errorf("seed %d: %s %s", w.seed, receipt.View.Status, faultCode(receipt.View))
	}
}
