//go:build chaos

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sameEverywhere asks every host for every id.
func (c *chaos) sameEverywhere() {
	c.t.Helper()
	var differ atomic.Int64
	each(c.callers, func(o *caller) {
		if o.ended == nil {
			return
		}
		for _, m := range c.fleet.members {
			a := m.app()
			doc, _, err := a.client.Status(c.t.Context(), a.at(o.url))
			if err != nil || verdict(doc) != verdict(*o.ended) {
				differ.Add(1)
				c.t.Errorf("%s of %s ended as %q, and %s says %q (%v)", o.id, o.ref.Model, verdict(*o.ended), m.name, verdict(doc), err)
			}
		}
	})
	c.tally.otherwise = int(differ.Load())
}

// figures is the run in one line.
func (c *chaos) figures() string {
	n := &c.tally
	return fmt.Sprintf("seed %d: %d triggers, %d promised, %d answers 503, %d broken connections, %d cancels; "+
		"%d refreshes, %d foreign, %d settled attempts; %d kills, %d pauses, %d faults, %d failing refreshes; "+
		"ended %v, %v after the storm; "+
		"lost %d, at most %d of ours at one time, refused by own %d, untrue %d, stale %d, two answers %d",
		*chaosSeed, n.triggers.Load(), n.promised.Load(), n.unavailable.Load(), n.broken.Load(), n.cancels.Load(),
		n.refreshes, n.foreign.Load(), n.settled, n.kills.Load(), n.pauses.Load(), int(n.faults.Load())-n.unused, n.failing.Load(),
		n.ended, n.finished.Round(time.Second),
		n.lost, n.overlap, n.refused, n.untrue, n.stale, n.otherwise)
}

// evidence is all that was said, in one file that is kept if the test fails.
type evidence struct {
	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
}

func keepEvidence(t *testing.T) *evidence {
	t.Helper()
	dir, err := os.MkdirTemp("", "pbirefresh-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "chaos.log"))
	if err != nil {
		t.Fatal(err)
	}
	e := &evidence{file: file, out: bufio.NewWriter(file)}
	t.Cleanup(func() {
		e.close()
		if t.Failed() {
			t.Logf("seed %d; all that was said is in %s", *chaosSeed, file.Name())
			return
		}
		_ = os.RemoveAll(dir)
	})
	return e
}

func (e *evidence) write(line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, _ = fmt.Fprintln(e.out, time.Now().UTC().Format("15:04:05.000"), line) // best effort
}

func (e *evidence) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.out.Flush()
	_ = e.file.Close()
}
