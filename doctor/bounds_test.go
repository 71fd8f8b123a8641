package doctor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/local/sim"
)

// Whatever hangs, the answer comes in time, and what was not seen is not called fine.
func TestWhateverHangsTheWalkEnds(t *testing.T) {
	t.Parallel()
	for op, check := range map[sim.Op]string{
		sim.OpIdentity: "identity", sim.OpSecret: "vault", sim.OpToken: "token", sim.OpWorkspaces: "powerBI", sim.OpWorkspace: "workspace",
		sim.OpDataset: "model", sim.OpHistory: "failures",
	} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, began := newBench(), time.Now()
				if err := b.cloud.Fail(sim.Fault{Op: op, Delay: time.Hour, Times: -1}); err != nil {
					t.Fatal(err)
				}
				checks := b.run(t)
				if took := time.Since(began); took > stepLimit+time.Second || find(checks, check).State == OK || find(checks, "storage").State != OK {
					t.Errorf("%s hangs: the walk took %s, want at most %s; %s is %s\n%s", op, took, stepLimit, check, find(checks, check).State, printed(checks))
				}
				time.Sleep(2 * time.Hour) // what hangs ends
			})
		})
	}
}

// landed is a store whose Create lands although its answer is lost.
type landed struct{ *lease.Memory }

func (l landed) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	_, _ = l.Memory.Create(ctx, name, body, meta)
	return "", fmt.Errorf("put: %w", lease.ErrUnknown)
}

// The probe is deleted also if it is unknown whether it was made.
func TestTheProbeIsDeleted(t *testing.T) {
	t.Parallel()
	b := newBench()
	memory := lease.NewMemory()
	b.store = landed{memory}
	c := find(b.run(t), "storage")
	page, err := memory.List(t.Context(), "", "", 10)
	if err != nil || len(page.Entries) != 0 || c.State != Problem || !strings.Contains(c.Detail, "create: no answer") {
		t.Errorf("left: %+v (%v); storage is %+v", page.Entries, err, c)
	}
}
