package handler

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/audit"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const rerunPath = "/api/operations/" + testID + "/rerun"

func TestARerunHasTheSameOptions(t *testing.T) {
	t.Parallel()
	f := &fakeAuditor{}
	b := onRecord(t, f)
	earlier := receipt(machine.Failed)
	op := &earlier.View.Operation
	op.Shape = machine.Shape{Kind: machine.Enhanced, Type: "full", Objects: []machine.Object{{Table: "Sales"}}}
	op.Deadline, op.QueueBy, op.MaxAttempts, op.Notify = op.Created.Add(2*time.Hour), op.Created.Add(time.Hour), 5, "MailOnFailure"
	b.fake.status = always(earlier)
	b.do("POST", rerunPath, "", "Idempotency-Key: again").is(http.StatusAccepted)
	b.do("POST", rerunPath, " {} ", "Idempotency-Key: again").is(http.StatusAccepted)
	got := b.fake.requests[0]
	want := machine.Ask{Shape: op.Shape, WhenBusy: machine.WhenBusyQueue, Timeout: 2 * time.Hour, QueueTimeout: time.Hour, MaxAttempts: 5, NotifyOption: "MailOnFailure"}
	if got.Ask.Shape.Type != "full" || len(got.Ask.Shape.Objects) != 1 || got.Ask.Timeout != want.Timeout || got.Ask.QueueTimeout != want.QueueTimeout ||
		got.Ask.MaxAttempts != want.MaxAttempts || got.Ask.NotifyOption != want.NotifyOption || got.Ask.WhenBusy != want.WhenBusy {
		t.Errorf("the rerun asks for %+v, want %+v", got.Ask, want)
	}
	if again := b.fake.requests[1]; again.Key != got.Key || got.Key == (machine.Key{}) {
		t.Error("a repetition of the rerun has another key, want the same")
	}
	if r := f.records[0]; r.Event != audit.Asked || len(r.Ask.Labels) != 1 || r.Ask.Labels[0] != "rerun of "+testID {
		t.Errorf("record %+v, want an ask with the label rerun of the operation", r)
	}
	// The same words for another operation are another key.
	other := strings.Replace(rerunPath, "_7/", "_8/", 1)
	b.do("POST", other, "", "Idempotency-Key: again").is(http.StatusAccepted)
	if b.fake.requests[2].Key == got.Key {
		t.Error("the rerun of another operation has the same key, want another")
	}
}

func TestRerunsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := onRecord(t, &fakeAuditor{})
	b.fake.status = always(receipt(machine.Failed))
	if e := b.do("POST", rerunPath, "").is(http.StatusBadRequest).wireError(); e.Target != "Idempotency-Key" {
		t.Errorf("without a key: target %q, want Idempotency-Key", e.Target)
	}
	if e := b.do("POST", rerunPath, `{"kind":"standard"}`, "Idempotency-Key: x").is(http.StatusBadRequest).wireError(); e.Target != "body" {
		t.Errorf("with options: target %q, want body", e.Target)
	}
	b.do("POST", "/api/operations/nonsense/rerun", "", "Idempotency-Key: x").is(http.StatusNotFound)
	b.fake.status = func(string) (refresh.Receipt, error) { return refresh.Receipt{}, refresh.ErrBadID }
	b.do("POST", rerunPath, "", "Idempotency-Key: x").is(http.StatusNotFound)
	b = newBench(t, func(c *Config) { c.Allowed = Allowed{} })
	if n := b.fake.count("trigger"); n != 0 {
		t.Errorf("%d refreshes were asked for, want none", n)
	}
}
