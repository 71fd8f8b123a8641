package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/lease"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// wireRecorder is a Power BI that takes every refresh and keeps its body. Its workspace is on
// a dedicated capacity or not.
type wireRecorder struct {
	dedicated bool
	refusal   string // the answer to a POST; empty: 202
	bodies    []string
}

func (p *wireRecorder) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
}

func (p *wireRecorder) Do(r *http.Request) (*http.Response, error) {
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r}
	text := fmt.Sprintf(`{"id":%q,"isOnDedicatedCapacity":%t,"value":[]}`, testWorkspace, p.dedicated)
	if r.Method == http.MethodPost {
		body := []byte{}
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		p.bodies = append(p.bodies, string(body))
		answer.StatusCode, text = http.StatusAccepted, ""
		answer.Header.Set("RequestId", aGUID)
		if p.refusal != "" {
			answer.StatusCode, text = http.StatusBadRequest, p.refusal
		}
	}
	answer.Body = io.NopCloser(strings.NewReader(text))
	return answer, nil
}

// bench is the routes in front of it, with all that is between.
func (p *wireRecorder) bench(t *testing.T, changes ...func(*Config)) *bench {
	t.Helper()
	client, err := powerbi.NewClient(p, powerbi.Options{Transport: p})
	if err != nil {
		t.Fatal(err)
	}
	b, store := newBench(t), lease.NewMemory()
	c := Config{BaseURL: testBase, Version: "1.2.3", Refresher: refresh.New(refresh.Config{Store: store, Keys: refresh.NewStatusKeys(store),
		Upstream: refresh.NewUpstream(client, slog.New(slog.DiscardHandler)), Rules: machine.DefaultRules()})}
	for _, change := range changes {
		change(&c)
	}
	b.routes = New(c)
	return b
}

// sentFor is the body that Power BI gets for one of ours, and the answer to that.
func sentFor(t *testing.T, body string, dedicated bool, changes ...func(*Config)) (sent string, d StatusDocument) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		recorder := &wireRecorder{dedicated: dedicated}
		b := recorder.bench(t, changes...)
		d = b.trigger(body).is(http.StatusAccepted).document()
		rest()
		if len(recorder.bodies) != 1 {
			t.Fatalf("%d POSTs for %s", len(recorder.bodies), body)
		}
		sent = recorder.bodies[0]
	})
	return sent, d
}

// Each documented field of DatasetRefreshRequest gets from the request to the wire, alone and
// with all others. (The walk is over the type: a new field fails until it is here.)
func TestEveryFieldReachesTheWire(t *testing.T) {
	t.Parallel()
	const objects = `[{"table":"A","partition":"P"},{"table":"B"}]`
	fields := map[string]struct{ written, sent string }{
		"type": {`"dataOnly"`, `"DataOnly"`}, "commitMode": {`"transactional"`, `"Transactional"`}, "maxParallelism": {`"3"`, `3`}, "retryCount": {`2.0`, `2`},
		"objects": {objects, objects}, "applyRefreshPolicy": {`"False"`, `false`}, "effectiveDate": {`"2026-05-31"`, `"2026-05-31T00:00:00Z"`}, "timeout": {`"2:00:00"`, `"02:00:00"`},
		"notifyOption": {`"mailOnFailure"`, `"MailOnFailure"`},
	}
	for i := range reflect.TypeFor[powerbi.RefreshRequest]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[powerbi.RefreshRequest]().Field(i).Tag.Get("json"), ",")
		if _, there := fields[name]; !there && name != "-" {
			t.Errorf("%s is not walked", name)
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		sent, _ := sentFor(t, wholeModel(`"options":{"`+name+`":`+f.written+`}`), false)
		if sentMember(t, sent, name) != f.sent {
			t.Errorf("%s %s: sent %s, want %s", name, f.written, sent, f.sent)
		}
		all = append(all, `"`+name+`":`+f.written)
	}
	sent, d := sentFor(t, wholeModel(`"options":{`+strings.Join(all, ",")+`}`), true)
	for name, f := range fields {
		if name == "notifyOption" { // no effect on an enhanced refresh (documented)
			f.sent = ""
		}
		if got := sentMember(t, sent, name); got != f.sent {
			t.Errorf("all: sent %s %s, want %s", name, got, f.sent)
		}
	}
	if len(d.Warnings) != 1 || d.Warnings[0].Target != "options.notifyOption" {
		t.Errorf("got the warnings %+v, want one of notifyOption", d.Warnings)
	}
}

// sentMember is what a body says of a member, without blanks; empty if it is not there.
func sentMember(t *testing.T, body, name string) string {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	var text bytes.Buffer
	if members[name] != nil {
		if err := json.Compact(&text, members[name]); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// Whether a mail goes out depends on what auto turns out to be, and the answer says so.
func TestNotifyOptionOfAuto(t *testing.T) {
	t.Parallel()
	for dedicated, want := range map[bool]string{false: "MailOnCompletion", true: ""} {
		sent, d := sentFor(t, wholeModel(`"options":{"notifyOption":"MailOnCompletion"}`), dedicated)
		if strings.Contains(sent, "notifyOption") != (want != "") || len(d.Warnings) != 1 {
			t.Errorf("dedicated %t: sent %q with the warnings %+v", dedicated, sent, d.Warnings)
		}
	}
	if _, d := sentFor(t, wholeModel(`"kind":"standard","options":{"notifyOption":"MailOnCompletion"}`), false); len(d.Warnings) != 0 {
		t.Errorf("got the warnings %+v of a notification that is sent", d.Warnings)
	}
}

// Every sample request of Microsoft's documentation is accepted: the swagger's examples of
// Refresh Dataset In Group, the article on the enhanced refresh, and public scripts that work.
func TestMicrosoftsSamples(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]string{
		"swagger: mail":                    `{"notifyOption":"MailOnFailure"}`,
		"swagger: enhanced":                `{"notifyOption":"MailOnFailure","retryCount":3}`,
		"swagger: one partition":           `{"type":"full","commitMode":"transactional","objects":[{"table":"Customer","partition":"Robert"}],"applyRefreshPolicy":"false","timeout":"05:00:00"}`,
		"article: enhanced":                `{"type":"Full","commitMode":"transactional","maxParallelism":2,"retryCount":2,"timeout":"02:00:00","objects":[{"table":"DimCustomer","partition":"DimCustomer"},{"table":"DimDate"}]}`,
		"article: the policy":              `{"type":"Full","commitMode":"transactional","applyRefreshPolicy":true,"effectiveDate":"2024-12-31"}`,
		"fabric-cli: a number in quotes":   `{"retryCount":"1"}`,
		"script: false and effective date": `{"applyRefreshPolicy":"false","effectiveDate":"2024-01-31","objects":[{"table":"Sales","partition":"2024Q1"}]}`,
		"script: partial batch":            `{"type":"full","commitMode":"partialBatch","applyRefreshPolicy":false,"objects":[{"table":"Sales"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newBench(t).trigger(wholeModel(`"options":` + options)).is(http.StatusAccepted)
		})
	}
}

// A setting lets options of a newer API through, as they are; others are refused with the list.
func TestExtraOptions(t *testing.T) {
	t.Parallel()
	body := wholeModel(`"options":{"newMode":{"deep":[1, "x"]}}`)
	e := refused(t, body, "options.newMode UnknownField").wireError()
	if !strings.Contains(e.Message, "known are notifyOption") || !strings.Contains(e.Message, "timeout") {
		t.Errorf("%q has no list", e.Message)
	}
	sent, _ := sentFor(t, body, false, func(c *Config) { c.ExtraOptions = []string{"newMode"} })
	if sentMember(t, sent, "newMode") != `{"deep":[1,"x"]}` || sentMember(t, sent, "type") != `"Full"` {
		t.Errorf("sent %s", sent)
	}
}

// Whether a table has a refresh policy only Power BI knows: what it says of one reaches the
// caller, who named a partition without applyRefreshPolicy.
func TestRefusalBecauseOfAPolicy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const words = "A partition of a table with a refresh policy needs applyRefreshPolicy false"
		recorder := &wireRecorder{dedicated: true, refusal: `{"error":{"code":"InvalidRequest","message":"` + words + `"}}`}
		b := recorder.bench(t)
		e := b.trigger(wholeModel(`"options":{"objects":[{"table":"A","partition":"P"}]}`)).is(http.StatusConflict).document().Error
		if e == nil || e.Inner == nil || !strings.Contains(e.Inner.Message, words) || !strings.Contains(e.Message+e.Inner.Message, "applyRefreshPolicy") {
			t.Errorf("got %+v, want Power BI's words in it", e)
		}
		rest()
	})
}

// Names of other APIs are recognised.
func TestDidYouMean(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"dataset": "datasetId", "datasetID": "datasetId", "DatasetId": "datasetId", "dataset_id": "datasetId", "semanticModelId": "datasetId", "modelId": "datasetId",
		"groupId": "workspaceId", "workspace": "workspaceId", "workspaceid": "workspaceId", "workspacId": "workspaceId",
		"callbackUri": "callBackUri", "callback_url": "callbackUrl", "maxAttempt": "maxAttempts", "option": "options", "x": "", "colour": "",
	} {
		e := newBench(t).trigger(wholeModel(`"` + name + `":"x"`)).is(http.StatusBadRequest).wireError()
		if says := "did you mean " + want + "?"; want != "" && !strings.Contains(e.Message, says) || want == "" && strings.Contains(e.Message, "did you mean") {
			t.Errorf("%s: got %q, want %q in it", name, e.Message, says)
		}
	}
}

// hostile are bodies that are built to cost more than they are worth, and one that is large
// and right.
func hostile() map[string]string {
	fill := func(begin, unit, end string) string {
		return wholeModel(begin + strings.Repeat(unit, (maxBody-len(wholeModel())-len(begin)-len(end)-1)/len(unit)) + end)
	}
	var members, tables []string
	for i := range 5000 {
		members = append(members, fmt.Sprintf(`"f%d":1`, i))
	}
	for i := range 400 {
		tables = append(tables, fmt.Sprintf(`{"table":"T%d","partition":"P"}`, i))
	}
	return map[string]string{
		"objects that are numbers":     fill(`"options":{"objects":[`, "1,", "1]}"),
		"a thousand bad objects":       wholeModel(`"options":{"objects":[` + strings.Repeat("1,", 999) + `1]}`),
		"a thousand empty objects":     wholeModel(`"options":{"objects":[` + strings.Repeat("{},", 999) + `{}]}`),
		"a thousand unknown members":   wholeModel(`"options":{"objects":[` + strings.Repeat(`{"a":1,"b":1},`, 999) + `{}]}`),
		"empty objects":                fill(`"options":{"objects":[`, "{},", "{}]}"),
		"unknown fields":               wholeModel(members...),
		"unknown options":              wholeModel(`"options":{` + strings.Join(members, ",") + `}`),
		"escaped names":                fill(`"options":{"objects":[`, `{"\u0061":1},`, "{}]}"),
		"an escaped name":              fill(`"`, `\u0061`, `":1`),
		"a long word":                  fill(`"kind":"`, "é", `"`),
		"a long number":                fill(`"maxAttempts":`, "1", ""),
		"a long GUID":                  `{"workspaceId":"` + strings.Repeat("{", maxBody/2) + `","datasetId":"x"}`,
		"nested":                       strings.Repeat("[", maxBody),
		"unknown, nested":              fill(`"x":[`, `[{}],`, "1]"),
		"not closed":                   wholeModel(`"options":{"objects":[` + strings.Repeat("1,", maxBody/2-200)),
		"four hundred good partitions": wholeModel(`"options":{"objects":[` + strings.Join(tables, ",") + `]}`),
	}
}

// Parsing costs at most 22 times the body in memory. (Not parallel: it looks at what the
// process allocates.)
func TestParsingCostsAMultipleOfTheBody(t *testing.T) {
	for name, body := range hostile() {
		if len(body) > maxBody {
			t.Fatalf("%s: a body of %d bytes", name, len(body))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, problems := bodyReader{time.Hour, nil, nowhere}.parse([]byte(body))
		runtime.ReadMemStats(&after)
		if len(problems) > maxProblems {
			t.Errorf("%s: %d problems, want at most %d", name, len(problems), maxProblems)
		}
		// The words of 20 problems cost the same however small the body is.
		const words = 64 << 10
		if used, bound := after.TotalAlloc-before.TotalAlloc, uint64(raceCost*(22*len(body)+words)); used > bound {
			t.Errorf("%s: got %d bytes for a body of %d, want at most %d", name, used, len(body), bound)
		}
	}
}

// Bodies are parsed few at a time: one more waits, and is not parsed if its caller leaves.
func TestParsingIsAdmitted(t *testing.T) {
	t.Parallel()
	s := newServer(Config{Refresher: newBench(t).fake})
	for range cap(s.parsing) {
		s.parsing <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.parse(ctx, []byte(wholeModel())); err == nil {
		t.Error("a body is parsed although every place is taken")
	}
	<-s.parsing
	if _, problems, err := s.parse(t.Context(), []byte(wholeModel())); err != nil || len(problems) != 0 || len(s.parsing) != cap(s.parsing)-1 {
		t.Errorf("with a free place: %v, %v, %d places taken", problems, err, len(s.parsing))
	}
}
