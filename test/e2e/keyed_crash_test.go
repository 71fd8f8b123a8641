package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/local/azurite"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// acceptingPowerBI accepts every refresh, and shows none.
type acceptingPowerBI struct{ posts atomic.Int32 }

func (p *acceptingPowerBI) Warm(context.Context) error { return nil }

func (p *acceptingPowerBI) Post(context.Context, machine.Model, machine.Post, time.Time) machine.Answer {
	return machine.Answer{Kind: machine.Accepted, RefreshID: fmt.Sprintf("R%d", p.posts.Add(1)), Sent: machine.Enhanced}
}

func (p *acceptingPowerBI) Look(context.Context, machine.Model, machine.Look) refresh.Observation {
	return refresh.Observation{Err: &machine.Fault{Code: "Unavailable", Message: "no answer", Transient: true}}
}

func (p *acceptingPowerBI) Delete(context.Context, machine.Model, machine.Delete) error { return nil }

// dying is the store of a process that dies at one of its calls, before it leaves or when
// it has landed: from then on no call has an answer. dead is closed at that call.
func dying(t *testing.T, store lease.Store, dies int, landed bool) (faulty *leasetest.Faulty, dead chan struct{}) {
	t.Helper()
	faulty, dead = leasetest.NewFaulty(store), make(chan struct{})
	over := t.Context().Done()
	var calls atomic.Int32
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease, leasetest.OpCreate} {
		faulty.On(op, func(call leasetest.Call) (bool, error) {
			n := int(calls.Add(1))
			if n < dies {
				return true, nil
			}
			if n == dies {
				if landed {
					_ = call.Land(context.Background())
				}
				close(dead)
			}
			<-over
			return false, errors.New("the process is dead")
		})
	}
	return faulty, dead
}

// The calls of a keyed request for a model without earlier requests: status keys,
// claim, model, intent, pointer, answer.
const keyedCalls = 14

// A process dies at any call of a keyed request, on the real protocol of the blob service,
// and another process is asked: there is one operation, with one id in every process.
func TestProcessDiesDuringAKeyedRequestOnAzurite(t *testing.T) {
	t.Parallel()
	for dies := 1; dies <= keyedCalls; dies++ {
		for _, landed := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d landed %v", dies, landed), func(t *testing.T) {
				t.Parallel()
				dieDuringAKeyedRequest(t, dies, landed)
			})
		}
	}
}

func dieDuringAKeyedRequest(t *testing.T, dies int, landed bool) {
	t.Helper()
	store, err := bloblease.New(bloblease.Options{ConnectionString: azurite.Shared(t).ConnectionString(), Container: azurite.NewContainer()})
	if err != nil {
		t.Fatal(err)
	}
	pbi := &acceptingPowerBI{}
	faulty, dead := dying(t, store, dies, landed)
	request := keyedRequest()
	answered := make(chan refresh.Receipt, 1)
	go func() {
		if r, err := coordinatorOn(faulty, pbi).Trigger(context.Background(), request); err == nil {
			answered <- r
		}
	}()
	var links []refresh.Link
	select {
	case <-dead:
	case r := <-answered: // it makes fewer calls
		links = append(links, r.Link())
	}
	posts := max(1, pbi.posts.Load()) // and one more, if its answer died with the process
	for range 2 {
		r, err := coordinatorOn(store, pbi).Trigger(t.Context(), request)
		if err != nil || r.View.Operation.Number != 1 {
			t.Fatalf("got operation %d and %v, want operation 1", r.View.Operation.Number, err)
		}
		links = append(links, r.Link())
	}
	for _, l := range links {
		if l != links[0] {
			t.Errorf("got two ids for one key: %s and %s", l.ID, links[0].ID)
		}
	}
	if n := pbi.posts.Load(); n > posts {
		t.Errorf("got %d refreshes, want at most %d", n, posts)
	}
}

func coordinatorOn(store lease.Store, pbi refresh.Upstream) *refresh.Coordinator {
	return refresh.New(refresh.Config{Store: store, Upstream: pbi, Keys: refresh.NewStatusKeys(store), Rules: machine.DefaultRules()})
}

func keyedRequest() refresh.Request {
	r := refresh.Request{Model: machine.Model{WorkspaceID: sim.Sales().Workspace, DatasetID: sim.Sales().Model}, Ask: machine.Ask{
		Shape: machine.Shape{Kind: machine.Auto}, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 1,
	}}
	r.Key = machine.NewKey("test", "k", r.Model, r.Ask)
	return r
}
