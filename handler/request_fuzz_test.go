package handler

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pbirefresh/powerbi"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// FuzzParseRequest: a body is refused with reasons, or it gives a request that
// says the same when it is written down and read again.
func FuzzParseRequest(f *testing.F) {
	for _, seed := range []string{
		wholeModel(), wholeModel(`"kind":"enhanced","whenBusy":"join","timeout":"2h30m","queueTimeout":"1m","maxAttempts":7`),
		wholeModel(`"options":{"type":"full","commitMode":"PartialBatch","applyRefreshPolicy":"false","maxParallelism":"3","retryCount":1,"timeout":"1:00:00"}`),
		wholeModel(`"options":{"applyRefreshPolicy":false,"objects":[{"table":"B"},{"table":"A","partition":"P"},{"table":"B"}]}`),
		wholeModel(`"options":{"effectiveDate":"2026-05-31T00:00:00Z"}`), wholeModel(`"options":{"objects":[1,null,{"table":{}}]}`),
		`{}`, `[]`, `null`, ``, `{"a":{"a":{"a":1,"a":2}}}`, wholeModel(`"kind":"standard","options":{"notifyOption":"MailOnFailure"}`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		reader := bodyReader{time.Hour, nil, nowhere}
		p, problems := reader.parse(body)
		r := p.request
		if len(problems) > 0 {
			if !reflect.DeepEqual(r, refresh.Request{}) {
				t.Errorf("refused, and yet a request: %s", show(t, r))
			}
			if e := badRequest(problems); e.Message == "" || e.Target == "" || len(show(t, e.Details)) > 16<<10 {
				t.Errorf("a poor answer: %+v", e)
			}
			return
		}
		again, problems := reader.parse(written(t, r))
		if len(problems) > 0 || !reflect.DeepEqual(r, again.request) {
			t.Errorf("%s\nbecomes %s\nwith %+v", show(t, r), show(t, again.request), problems)
		}
	})
}

// written is a request as a body.
func written(t *testing.T, r refresh.Request) []byte {
	t.Helper()
	body := map[string]any{
		"workspaceId": r.Model.WorkspaceID, "datasetId": r.Model.DatasetID, "kind": r.Ask.Shape.Kind,
		"whenBusy": r.Ask.WhenBusy, "timeout": r.Ask.Timeout.String(), "maxAttempts": r.Ask.MaxAttempts,
	}
	if r.Ask.QueueTimeout > 0 {
		body["queueTimeout"] = r.Ask.QueueTimeout.String()
	}
	s, options := r.Ask.Shape, powerbi.RefreshRequest{NotifyOption: r.Ask.NotifyOption}
	if s.Kind == machine.Enhanced {
		options = powerbi.RefreshRequest{
			Type: s.Type, CommitMode: s.CommitMode, ApplyRefreshPolicy: s.ApplyPolicy, EffectiveDate: s.EffectiveDate,
			MaxParallelism: r.Ask.Tuning.MaxParallelism, RetryCount: r.Ask.Tuning.RetryCount, Timeout: r.Ask.Tuning.Timeout,
		}
	}
	for _, o := range s.Objects {
		options.Objects = append(options.Objects, powerbi.Object{Table: o.Table, Partition: o.Partition})
	}
	body["options"] = options
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
