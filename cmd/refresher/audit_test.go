package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

func ended(number int64, ago time.Duration) machine.Operation {
	at := time.Now().Add(-ago)
	return machine.Operation{
		Number: number, Phase: machine.Failed, Created: at.Add(-2 * time.Minute), Started: at.Add(-time.Minute), Ended: at,
		Fault: &machine.Fault{Code: machine.CodeRefreshFailed, Message: "It failed.", Detail: "Login failed.", Remedy: "Set the credentials."},
		Tries: []machine.Try{{RefreshID: "r1"}, {}, {RefreshID: "r2"}},
	}
}

// An end is on record once, whether it was seen right away or as the operation left.
func TestEndsAreOnRecord(t *testing.T) {
	t.Parallel()
	a, err := newApp(mustRead(t, nil), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	model := machine.Model{WorkspaceID: aGUID, DatasetID: anotherGUID}
	fresh, old := ended(1, time.Second), ended(2, 3*time.Hour)
	a.seen(machine.State{Epoch: "e", Model: model, Recent: []machine.Operation{old, fresh}, Pending: []machine.Operation{{Number: 3}}})
	for _, op := range []machine.Operation{fresh, old} {
		for range 2 {
			if err := a.leaving(t.Context(), model, "e", op); err != nil {
				t.Error(err)
			}
		}
	}
	var got []audit.Record
	for r, err := range audit.Read(t.Context(), a.store, audit.Query{From: time.Now().Add(-24 * time.Hour), To: time.Now().Add(time.Hour)}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 2 || got[0].Operation != 2 || got[1].Operation != 1 {
		t.Fatalf("%+v", got)
	}
	end := got[1].End
	if want := "It failed. Power BI says: Login failed. Set the credentials."; end.Reason != want {
		t.Errorf("reason %q, want %q", end.Reason, want)
	}
	if end.Status != "Failed" || end.Code != machine.CodeRefreshFailed || len(end.RefreshID) != 2 || end.Started == "" || got[1].WorkspaceID != aGUID {
		t.Errorf("%+v", got[1])
	}
}

// What a schedule asks for is on record under its name.
func TestSchedulesAreOnRecord(t *testing.T) {
	t.Parallel()
	a, err := newApp(mustRead(t, nil), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := refresh.Request{Model: machine.Model{WorkspaceID: aGUID, DatasetID: anotherGUID}, Ask: machine.Ask{WhenBusy: machine.WhenBusyQueue}}
	start := a.onRecord(func(ctx context.Context, _ string, r refresh.Request) (refresh.Receipt, error) {
		return refresh.Receipt{}, r.Admitted(ctx, refresh.Admission{Epoch: "e", Number: 5})
	})
	if _, err := start(t.Context(), schedule.Key("nightly", time.Now(), r.Model), r); err != nil {
		t.Fatal(err)
	}
	n := 0
	for got, err := range audit.Read(t.Context(), a.store, audit.Query{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), Caller: "nightly"}) {
		if n++; err != nil || got.Caller != "schedule:nightly" || got.Event != audit.Asked || got.Operation != 5 || got.Ask.WhenBusy != "queue" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if n != 1 {
		t.Errorf("%d records", n)
	}
}

// lostRecords is a store that takes no records.
type lostRecords struct{ lease.Store }

func (lostRecords) Create(context.Context, string, []byte, lease.Meta) (lease.Version, error) {
	return "", errors.New("no such container")
}

// While records cannot be written, no schedule starts anything.
func TestNoRecordNoScheduledRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		a := &app{trail: audit.New(lostRecords{}, nil, nil)}
		start := a.onRecord(func(ctx context.Context, _ string, r refresh.Request) (refresh.Receipt, error) {
			asked++
			return refresh.Receipt{}, r.Admitted(ctx, refresh.Admission{Epoch: "e", Number: 5})
		})
		for i, want := range []int{1, 1, 2} { // the first finds out; after a while it is tried again
			if _, err := start(t.Context(), "schedule/nightly/x", refresh.Request{}); err == nil || asked != want {
				t.Errorf("%d: asked %d times, want %d: %v", i, asked, want, err)
			}
			if i == 1 {
				time.Sleep(time.Minute)
			}
		}
	})
}

// The records have the state's container, or one of their own; readiness then looks
// at that one too.
func TestWhereTheRecordsAre(t *testing.T) {
	t.Parallel()
	for container, own := range map[string]bool{"": false, "pbirefresh": false, "records": true} {
		s := mustRead(t, map[string]string{"STATE_STORAGE": connection, "AUDIT_CONTAINER": container})
		var opened []string
		a := &app{store: lease.NewMemory(), log: slog.New(slog.DiscardHandler)}
		if err := a.openAudit(s, func(from storageSettings) (lease.Store, error) {
			opened = append(opened, from.container)
			return lease.NewMemory(), nil
		}); err != nil {
			t.Fatal(err)
		}
		if (len(opened) == 1 && opened[0] == "records") != own || (a.auditStore != nil) != own || (a.evidence() != nil) != own {
			t.Errorf("AUDIT_CONTAINER %q: opened %v, evidence %t, want a container of its own and evidence: %t", container, opened, a.evidence() != nil, own)
		}
	}
	s := mustRead(t, map[string]string{"STATE_STORAGE": connection, "AUDIT_CONTAINER": "records"})
	a, err := newApp(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if checks := a.checks(s); checks[1].Name != "audit" {
		t.Errorf("readiness does not look at the records: %v", checks[1].Name)
	}
}
