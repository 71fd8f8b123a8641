package e2e

import (
	"context"
	"testing"
)

// A rolling upgrade under load, and back: today's processes are replaced by processes of
// the next version one after another, one of each is killed, and then today's return.
// The next version keeps more in the documents than today's knows, and today's must
// hand it on. Status URLs of either version are good at the other.
func TestRollingUpgradeAndBack(t *testing.T) {
	t.Parallel()
	next, err := nextDist()
	if err != nil {
		t.Fatal(err)
	}
	r := newRollout(t, dist, 3)
	r.repeats = true
	ctx, calm := context.WithCancel(t.Context())
	defer calm()
	r.asked.Go(func() { r.load(ctx) })
	r.served(11)
	for range 3 { // upgrade
		r.replace(next)
		r.served(9)
		r.kill(r.instances[0]) // today's, today's, and the first of the next version
	}
	for range 3 { // and back
		r.served(9)
		r.replace(dist)
	}
	r.served(15)
	calm()
	r.asked.Wait()
	r.finish()
	judgeLaps(r)
	r.add(next)
	r.judge()
}

// Instances of the same version are added under load: the first works alone, the others
// find its work under way.
func TestScaleOutUnderLoad(t *testing.T) {
	t.Parallel()
	r := newRollout(t, dist, 1)
	r.repeats = true
	ctx, calm := context.WithCancel(t.Context())
	defer calm()
	r.asked.Go(func() { r.load(ctx) })
	for range 5 {
		r.served(9)
		r.add(dist)
	}
	r.served(20)
	calm()
	r.asked.Wait()
	r.finish()
	r.judge()
}
