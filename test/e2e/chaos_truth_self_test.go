package e2e

import (
	"strings"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// What judges a chaotic run must itself find every lie, and take the truth for it.
func TestChaosJudgeFindsLies(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ours := func(id, status string, body string) sim.Refresh {
		return sim.Refresh{ID: id, ListedID: id, Caller: sim.ClientID, Status: status, Accepted: noon, Body: []byte(body)}
	}
	tr := newTruth([]sim.Refresh{
		ours("good", "Completed", "{}"), ours("bad", "Failed", "{}"), ours("gone", "Cancelled", "{}"),
		ours("table", "Completed", `{"objects":[{"table":"A"}]}`),
		{ID: "portal", ListedID: "portal", Status: "Completed", Accepted: noon.Add(time.Hour)},
	})
	by := func(id string) *handler.Result { return &handler.Result{RefreshID: id} }
	try := func(id string, o machine.Outcome) handler.Attempt {
		return handler.Attempt{RefreshID: id, Outcome: o, Requested: noon.Add(-time.Second), Ended: noon.Add(time.Minute)}
	}
	type attempts = []handler.Attempt
	for name, row := range map[string]struct {
		status machine.Status
		result *handler.Result
		tries  attempts
		asked  bool
		whole  bool
		want   string // empty: it is true
	}{
		"succeeded":                  {machine.StatusSucceeded, by("good"), attempts{try("good", machine.OutcomeCompleted)}, false, true, ""},
		"succeeded after a failure":  {machine.StatusSucceeded, by("good"), attempts{try("bad", machine.OutcomeFailed), try("good", machine.OutcomeCompleted)}, false, true, ""},
		"succeeded although asked":   {machine.StatusSucceeded, by("good"), attempts{try("good", machine.OutcomeCompleted)}, true, true, ""},
		"a table for a table":        {machine.StatusSucceeded, by("table"), attempts{try("table", machine.OutcomeCompleted)}, false, false, ""},
		"failed":                     {machine.StatusFailed, nil, attempts{try("bad", machine.OutcomeFailed)}, false, true, ""},
		"failed without any attempt": {machine.StatusFailed, nil, nil, false, true, ""},
		"cancelled by its caller":    {machine.StatusCanceled, nil, nil, true, true, ""},
		"cancelled at Power BI":      {machine.StatusCanceled, nil, attempts{try("gone", machine.OutcomeCancelled)}, false, true, ""},
		"unknown":                    {machine.StatusFailed, nil, attempts{try("", machine.OutcomeUnknown)}, false, true, ""},

		"success of a failed one":   {machine.StatusSucceeded, by("bad"), attempts{try("bad", machine.OutcomeCompleted)}, false, true, "did not complete"},
		"success of nobody":         {machine.StatusSucceeded, by("none"), attempts{try("none", machine.OutcomeCompleted)}, false, true, "did not complete"},
		"success of another":        {machine.StatusSucceeded, by("good"), attempts{try("bad", machine.OutcomeFailed)}, false, true, "did not complete"},
		"success without a result":  {machine.StatusSucceeded, nil, attempts{try("good", machine.OutcomeCompleted)}, false, true, "did not complete"},
		"success of a foreign one":  {machine.StatusSucceeded, by("portal"), attempts{try("portal", machine.OutcomeCompleted)}, false, true, "no such refresh of ours"},
		"a table for the whole":     {machine.StatusSucceeded, by("table"), attempts{try("table", machine.OutcomeCompleted)}, false, true, "some tables only"},
		"failure of a good one":     {machine.StatusFailed, nil, attempts{try("good", machine.OutcomeUnknown)}, false, true, "completed"},
		"failed attempt that did":   {machine.StatusSucceeded, by("good"), attempts{try("table", machine.OutcomeFailed), try("good", machine.OutcomeCompleted)}, false, true, "attempt 1: Power BI says Completed"},
		"cancelled by nobody":       {machine.StatusCanceled, nil, nil, false, true, "nobody"},
		"not an end":                {machine.StatusRunning, nil, nil, false, true, "no end"},
		"dropped, but accepted":     {machine.StatusFailed, nil, attempts{try("", machine.OutcomeDropped)}, false, true, "was accepted"},
		"unsent, but accepted":      {machine.StatusFailed, nil, attempts{try("", machine.OutcomeUnsent)}, false, true, "was accepted"},
		"refused, but accepted":     {machine.StatusFailed, nil, attempts{try("", machine.OutcomeRefused)}, false, true, "was accepted"},
		"completed without any id":  {machine.StatusFailed, nil, attempts{try("", machine.OutcomeCompleted)}, false, true, "no id"},
		"cancelled, but it was not": {machine.StatusFailed, nil, attempts{try("bad", machine.OutcomeCancelled)}, false, true, "says Failed"},
	} {
		doc := handler.StatusDocument{Status: row.status, Result: row.result, Attempts: row.tries}
		got := tr.untrue(doc, row.asked, row.whole)
		if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: found %q, want %q", name, got, row.want)
		}
	}
	doc := handler.StatusDocument{Status: machine.StatusSucceeded, Result: by("good")}
	if tr.stale(doc, noon) || tr.stale(doc, noon.Add(-time.Second)) || !tr.stale(doc, noon.Add(time.Nanosecond)) {
		t.Error("a stale success is one that was accepted before the caller arrived, and no other")
	}
}
