package refresh

import (
	"fmt"
	"testing"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

func numbered(i int) machine.Model {
	return machine.Model{WorkspaceID: testModel.WorkspaceID, DatasetID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i)}
}

// Callers who name one model after another, existing or not, take no memory for ever; of
// models to which something happens nothing is forgotten.
func TestModelsAtRestAreForgotten(t *testing.T) {
	t.Parallel()
	c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{})
	q, r, w := c.queue(testModel), c.reader(testModel), c.watcher(testModel)
	q.serving, r.next, w.running = true, &sharedRead{}, true
	calling, waited := c.queue(numbered(-1)), c.watcher(numbered(-1))
	calling.calls = map[string]bool{"txn": true}
	waited.waiters[&waiter{}] = true
	for i := range 3 * maxIdle {
		c.queue(numbered(i))
		c.reader(numbered(i))
		c.watcher(numbered(i))
	}
	for what, n := range map[string]int{"queues": len(c.queues.all), "readers": len(c.readers.all), "watchers": len(c.watchers.all)} {
		if n > maxIdle {
			t.Errorf("%d %s are remembered", n, what)
		}
	}
	if c.queue(testModel) != q || c.reader(testModel) != r || c.watcher(testModel) != w || c.queue(numbered(-1)) != calling || c.watcher(numbered(-1)) != waited {
		t.Error("what is at work was forgotten")
	}
}

// Where more are at work than are to be remembered, none is forgotten, and newcomers do
// not each look at all of them.
func TestBusyModelsAreNotForgotten(t *testing.T) {
	t.Parallel()
	var r remembered[*counted]
	looks := 0
	for i := range 3 * maxIdle {
		r.get(numbered(i), func() *counted { return &counted{&looks} })
	}
	if len(r.all) != 3*maxIdle || looks > 5*maxIdle {
		t.Errorf("%d are left after %d looks", len(r.all), looks)
	}
}

// counted is always busy, and counts who asks.
type counted struct{ looks *int }

func (c *counted) idle() bool { *c.looks++; return false }
