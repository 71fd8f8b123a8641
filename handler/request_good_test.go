package handler

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// plain is the request that comes of the shortest body, changed.
func plain(changes ...func(*refresh.Request)) refresh.Request {
	r := refresh.Request{
		Model: machine.Model{WorkspaceID: testWorkspace, DatasetID: testDataset},
		Ask: machine.Ask{Shape: machine.Shape{Kind: machine.Auto}, WhenBusy: machine.WhenBusyQueue,
			Timeout: 12 * time.Hour, MaxAttempts: 3},
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

// enhanced is what options make of a request.
func enhanced(changes ...func(*machine.Shape)) func(*refresh.Request) {
	return func(r *refresh.Request) {
		r.Ask.Shape = machine.Shape{Kind: machine.Enhanced, Type: "Full", CommitMode: "Transactional"}
		for _, change := range changes {
			change(&r.Ask.Shape)
		}
	}
}

func TestGoodRequests(t *testing.T) {
	t.Parallel()
	two := []machine.Object{{Table: "A"}, {Table: "B", Partition: "2026"}}
	for _, tc := range []struct {
		name, body string
		want       refresh.Request
	}{
		{"the shortest", wholeModel(), plain()},
		{"ids in capitals", `{"workspaceId":"F089354E-8366-4E18-AEA3-4CB4A3A50B48","datasetId":"CFAFBEB1-8037-4D0C-896E-A46FB27FF229"}`, plain()},
		{"null for every parameter", wholeModel(`"kind":null,"whenBusy":null,"timeout":null,"queueTimeout":null,"maxAttempts":null,"options":null`), plain()},
		{"empty strings from a pipeline", wholeModel(`"kind":"","whenBusy":"","timeout":"","queueTimeout":""`), plain()},
		{"empty strings for everything that is optional", wholeModel(`"maxAttempts":"","options":"","callBackUri":"","callbackUrl":""`), plain()},
		{"empty strings for every option", wholeModel(`"options":{"notifyOption":"","type":"","commitMode":" ","maxParallelism":"",
			"retryCount":" ","applyRefreshPolicy":"","effectiveDate":"","timeout":"","objects":""}`), plain()},
		{"an empty partition", wholeModel(`"options":{"objects":[{"table":"A","partition":""}]}`),
			plain(enhanced(func(s *machine.Shape) { s.Objects = []machine.Object{{Table: "A"}} }))},
		{"whole numbers, however they are written", wholeModel(`"maxAttempts":" 2 ","options":{"maxParallelism":4.0,"retryCount":"2.0"}`),
			plain(enhanced(), func(r *refresh.Request) {
				r.Ask.MaxAttempts, r.Ask.Tuning = 2, machine.Tuning{MaxParallelism: new(4), RetryCount: new(2)}
			})},
		{"ids in braces, with blanks and a line break", `{"workspaceId":" {` + testWorkspace + `} ","datasetId":"` + testDataset + `\r\n"}`, plain()},
		{"behind a byte order mark", "\ufeff" + wholeModel(), plain()},
		{"no options", wholeModel(`"options":{}`), plain()},
		{"null for every option", wholeModel(`"options":{"notifyOption":null,"type":null,"commitMode":null,"maxParallelism":null,
			"retryCount":null,"applyRefreshPolicy":null,"effectiveDate":null,"timeout":null,"objects":null}`), plain()},
		{"no objects", wholeModel(`"options":{"objects":[]}`), plain()},
		{"words in any case", wholeModel(`"kind":"AUTO","whenBusy":"Join"`), plain(func(r *refresh.Request) { r.Ask.WhenBusy = machine.WhenBusyJoin })},
		{"reject", wholeModel(`"whenBusy":"reject"`), plain(func(r *refresh.Request) { r.Ask.WhenBusy = machine.WhenBusyReject })},
		{"times", wholeModel(`"timeout":"1h30m","queueTimeout":"90m","maxAttempts":10`), plain(func(r *refresh.Request) {
			r.Ask.Timeout, r.Ask.QueueTimeout, r.Ask.MaxAttempts = 90*time.Minute, 90*time.Minute, 10
		})},
		{"bounds of times", wholeModel(`"timeout":"168h","queueTimeout":"60s"`), plain(func(r *refresh.Request) {
			r.Ask.Timeout, r.Ask.QueueTimeout = 168*time.Hour, time.Minute
		})},
		{"standard", wholeModel(`"kind":"standard"`), plain(func(r *refresh.Request) { r.Ask.Shape.Kind = machine.Standard })},
		{"standard with a notification", wholeModel(`"kind":"Standard","options":{"notifyOption":"mailonfailure"}`),
			plain(func(r *refresh.Request) { r.Ask.Shape.Kind, r.Ask.NotifyOption = machine.Standard, "MailOnFailure" })},
		{"a notification does not make it enhanced", wholeModel(`"options":{"notifyOption":"NoNotification"}`), plain(func(r *refresh.Request) { r.Ask.NotifyOption = "NoNotification" })},
		{"a notification of an enhanced refresh is left out", wholeModel(`"options":{"notifyOption":"MailOnFailure","type":"full"}`), plain(enhanced())},
		{"enhanced without options", wholeModel(`"kind":"enhanced"`), plain(enhanced())},
		{"an option makes it enhanced", wholeModel(`"options":{"type":"full"}`), plain(enhanced())},
		{"another type", wholeModel(`"options":{"type":" dataonly "}`), plain(enhanced(func(s *machine.Shape) { s.Type = "DataOnly" }))},
		{"tuning makes it enhanced and is no shape", wholeModel(`"options":{"maxParallelism":4,"retryCount":"2","timeout":"2:00:00"}`),
			plain(enhanced(), func(r *refresh.Request) {
				r.Ask.Tuning = machine.Tuning{MaxParallelism: new(4), RetryCount: new(2), Timeout: "02:00:00"}
			})},
		{"the policy, as a string", wholeModel(`"options":{"applyRefreshPolicy":"False","commitMode":"partialBatch"}`),
			plain(enhanced(func(s *machine.Shape) { s.ApplyPolicy, s.CommitMode = new(false), "PartialBatch" }))},
		{"the policy, and today", wholeModel(`"options":{"applyRefreshPolicy":true,"effectiveDate":" 2026-05-31 "}`),
			plain(enhanced(func(s *machine.Shape) { s.ApplyPolicy, s.EffectiveDate = new(true), "2026-05-31" }))},
		{"objects sorted, none twice", wholeModel(`"options":{"applyRefreshPolicy":false,"objects":[
			{"table":"B","partition":"2026"},{"table":"A","partition":null},{"table":"A"},{"table":"B","partition":"2026"}]}`),
			plain(enhanced(func(s *machine.Shape) { s.ApplyPolicy, s.Objects = new(false), two }))},
		{"tables keep their case", wholeModel(`"options":{"objects":[{"table":"sales"},{"table":"Sales"}]}`),
			plain(enhanced(func(s *machine.Shape) { s.Objects = []machine.Object{{Table: "Sales"}, {Table: "sales"}} }))},
		{"a full day of attempts", wholeModel(`"options":{"timeout":"06:00:00","retryCount":3}`),
			plain(enhanced(), func(r *refresh.Request) { r.Ask.Tuning = machine.Tuning{RetryCount: new(3), Timeout: "06:00:00"} })},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.trigger(tc.body).is(http.StatusAccepted)
			if len(b.fake.requests) != 1 {
				t.Fatalf("%d requests reached the coordinator", len(b.fake.requests))
			}
			got := b.fake.requests[0]
			got.Owner = "" // TestOwnerOfARequest
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%s\ngot  %s %s\nwant %s %s", tc.body, got.Model, show(t, got.Ask), tc.want.Model, show(t, tc.want.Ask))
			}
		})
	}
}

// show prints what pointers point to.
func show(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDefaultTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.DefaultTimeout = 3 * time.Hour })
	b.trigger(wholeModel()).is(http.StatusAccepted)
	b.trigger(wholeModel(`"timeout":"5h"`)).is(http.StatusAccepted)
	if got := b.fake.requests; got[0].Ask.Timeout != 3*time.Hour || got[1].Ask.Timeout != 5*time.Hour {
		t.Errorf("timeouts %v and %v", got[0].Ask.Timeout, got[1].Ask.Timeout)
	}
}

// A queueTimeout is measured against the default too.
func TestQueueTimeoutAgainstTheDefault(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.DefaultTimeout = time.Hour })
	b.trigger(wholeModel(`"queueTimeout":"61m"`)).is(http.StatusBadRequest)
	b.trigger(wholeModel(`"queueTimeout":"60m"`)).is(http.StatusAccepted)
}
