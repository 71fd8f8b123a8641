package refresh

import (
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// A caller may share an operation from a read alone only if that read was sent after
// it arrived: an older one may not show that an attempt has begun since.
func TestShareNeedsAReadSentAfterTheArrival(t *testing.T) {
	t.Parallel()
	s, now := machine.NewState(testModel, "e"), time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	for _, nonce := range []string{"ana", "bob"} { // shared, and nothing is started
		s, _ = machine.DefaultRules().Next(s, machine.Arrive{At: machine.At(now), Nonce: nonce, Ask: wholeModel().Ask})
	}
	doc, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sent := time.Now()
	for name, tt := range map[string]struct {
		arrived time.Time
		shared  bool
	}{"before the read": {sent.Add(-time.Second), true}, "after it": {sent.Add(time.Second), false}} {
		q := &queue{c: newTestCoordinator(lease.NewMemory(), &fakePowerBI{}), model: s.Model}
		j := newJob(time.Now().Add(callerWait), nil)
		j.since, j.ask = tt.arrived, &machine.Ask{Shape: machine.Shape{Kind: machine.Auto}, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 3}
		q.jobs = []*job{j}
		q.shareFrom(lease.Document{Body: doc, Date: now}, sent)
		if shared := len(j.done) == 1; shared != tt.shared {
			t.Errorf("who arrived %s: shared %v", name, shared)
		}
	}
}
