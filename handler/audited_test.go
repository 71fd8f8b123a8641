package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/audit"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// fakeAuditor keeps records, or fails as told.
type fakeAuditor struct {
	ready, write error
	records      []audit.Record
}

func (f *fakeAuditor) Ready() error { return f.ready }
func (f *fakeAuditor) Write(_ context.Context, r audit.Record) error {
	if f.write == nil {
		f.records = append(f.records, r)
	}
	return f.write
}

// onRecord are routes whose coordinator tells of admissions as the real one does.
func onRecord(t *testing.T, f *fakeAuditor) *bench {
	t.Helper()
	b := newBench(t, func(c *Config) { c.Audit, c.Guard.FrontEnd = f, true })
	b.fake.trigger = func(r refresh.Request) (refresh.Receipt, error) {
		return receipt(machine.Queued), r.Admitted(t.Context(), refresh.Admission{Epoch: "0123456789abcdef", Number: 7})
	}
	b.fake.cancel = func(string, bool) (refresh.Receipt, error) { return receipt(machine.Running), nil }
	return b
}

// What is asked is on record before the answer: who, from where, what, and which
// operation; and no signature or key.
func TestAsksAndCancelsAreOnRecord(t *testing.T) {
	t.Parallel()
	f := &fakeAuditor{}
	b := onRecord(t, f)
	began := time.Now().Add(-time.Second)
	from := "X-Forwarded-For: 10.9.9.9, 203.0.113.7:4711"
	body := wholeModel(`"whenBusy":"join"`, `"labels":["run-4711"]`, `"options":{"type":"full","objects":[{"table":"Sales","partition":"2026"},{"table":"Stores"}],"applyRefreshPolicy":false}`)
	asked := b.trigger(body, from).is(http.StatusAccepted)
	b.do("POST", cancelPath, "", from).is(http.StatusAccepted)
	b.do("POST", cancelAllPath, "", from).is(http.StatusAccepted)
	if len(f.records) != 3 {
		t.Fatalf("%+v", f.records)
	}
	for i, r := range f.records {
		if r.Caller != "key" || r.Address != "203.0.113.7" || r.Operation != 7 || r.Epoch != "0123456789abcdef" || r.WorkspaceID != testWorkspace || r.DatasetID != testDataset ||
			r.Time.Before(began) || r.Request == "" {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	first := f.records[0]
	if got := fmt.Sprintf("%s %+v", first.Event, *first.Ask); got != "asked {Kind:enhanced Type:Full WhenBusy:join Objects:[Sales/2026 Stores] ObjectCount:2 Labels:[run-4711]}" {
		t.Error(got)
	}
	if first.Request != asked.header.Get("x-ms-request-id") {
		t.Errorf("the record names request %s, the answer %s", first.Request, asked.header.Get("x-ms-request-id"))
	}
	if f.records[1].Event != audit.CancelAsked || f.records[1].Cancel.Everybody || !f.records[2].Cancel.Everybody {
		t.Errorf("%+v", f.records[1:])
	}
	text, err := json.Marshal(f.records)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{testSig, testKey, testQuery} {
		if strings.Contains(string(text), secret) {
			t.Errorf("a record holds %s", secret)
		}
	}
}

// A record is bounded, whatever is asked for.
func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	f := &fakeAuditor{}
	var objects []string
	for i := range 100 {
		objects = append(objects, fmt.Sprintf(`{"table":"T%d"}`, i))
	}
	onRecord(t, f).trigger(wholeModel(`"options":{"objects":[` + strings.Join(objects, ",") + `]}`)).is(http.StatusAccepted)
	if ask := f.records[0].Ask; len(ask.Objects) != audit.MaxObjects || ask.ObjectCount != 100 {
		t.Errorf("%d of %d objects", len(ask.Objects), ask.ObjectCount)
	}
}

// Without a record there is no 202; and while records fail nothing is started.
func TestWithoutARecordNothingIsPromised(t *testing.T) {
	t.Parallel()
	refused := func(a answer) {
		t.Helper()
		a.is(http.StatusServiceUnavailable).has("x-ms-error-code", "AuditUnavailable").has("Retry-After", "10")
	}
	b := onRecord(t, &fakeAuditor{write: errors.New("down")})
	refused(b.trigger(wholeModel()))
	refused(b.do("POST", cancelPath, ""))
	if b.fake.count("cancel") != 0 {
		t.Error("a cancel without a record was tried")
	}
	b = onRecord(t, &fakeAuditor{ready: errors.New("down")})
	refused(b.trigger(wholeModel()))
	if b.fake.count("trigger") != 0 {
		t.Error("a refresh was asked for although records fail")
	}
}

// What is refused is not on record as asked.
func TestRefusalsAreNotOnRecord(t *testing.T) {
	t.Parallel()
	f := &fakeAuditor{}
	b := onRecord(t, f)
	b.trigger("{}").is(http.StatusBadRequest)
	b.do("POST", "/api/operations/"+testID+"/cancel?sig=forged", "").is(http.StatusNotFound)
	b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) {
		return refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeQueueFull, Message: "full"}
	}
	b.trigger(wholeModel()).is(http.StatusServiceUnavailable)
	if len(f.records) != 0 {
		t.Errorf("%+v", f.records)
	}
}
