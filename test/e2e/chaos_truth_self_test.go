package e2e

import (
	"strings"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
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
	try := func(id string, o refresh.Outcome) handler.Attempt {
		return handler.Attempt{RefreshID: id, Outcome: o, Requested: noon.Add(-time.Second), Ended: noon.Add(time.Minute)}
	}
	type attempts = []handler.Attempt
	for name, row := range map[string]struct {
		status refresh.Status
		result *handler.Result
		tries  attempts
		asked  bool
		whole  bool
		want   string // empty: it is true
	}{
		"succeeded":                  {refresh.StatusSucceeded, by("good"), attempts{try("good", refresh.OutcomeCompleted)}, false, true, ""},
		"succeeded after a failure":  {refresh.StatusSucceeded, by("good"), attempts{try("bad", refresh.OutcomeFailed), try("good", refresh.OutcomeCompleted)}, false, true, ""},
		"succeeded although asked":   {refresh.StatusSucceeded, by("good"), attempts{try("good", refresh.OutcomeCompleted)}, true, true, ""},
		"a table for a table":        {refresh.StatusSucceeded, by("table"), attempts{try("table", refresh.OutcomeCompleted)}, false, false, ""},
		"failed":                     {refresh.StatusFailed, nil, attempts{try("bad", refresh.OutcomeFailed)}, false, true, ""},
		"failed without any attempt": {refresh.StatusFailed, nil, nil, false, true, ""},
		"cancelled by its caller":    {refresh.StatusCanceled, nil, nil, true, true, ""},
		"cancelled at Power BI":      {refresh.StatusCanceled, nil, attempts{try("gone", refresh.OutcomeCancelled)}, false, true, ""},
		"unknown":                    {refresh.StatusFailed, nil, attempts{try("", refresh.OutcomeUnknown)}, false, true, ""},

		"success of a failed one":   {refresh.StatusSucceeded, by("bad"), attempts{try("bad", refresh.OutcomeCompleted)}, false, true, "did not complete"},
		"success of nobody":         {refresh.StatusSucceeded, by("none"), attempts{try("none", refresh.OutcomeCompleted)}, false, true, "did not complete"},
		"success of another":        {refresh.StatusSucceeded, by("good"), attempts{try("bad", refresh.OutcomeFailed)}, false, true, "did not complete"},
		"success without a result":  {refresh.StatusSucceeded, nil, attempts{try("good", refresh.OutcomeCompleted)}, false, true, "did not complete"},
		"success of a foreign one":  {refresh.StatusSucceeded, by("portal"), attempts{try("portal", refresh.OutcomeCompleted)}, false, true, "no such refresh of ours"},
		"a table for the whole":     {refresh.StatusSucceeded, by("table"), attempts{try("table", refresh.OutcomeCompleted)}, false, true, "some tables only"},
		"failure of a good one":     {refresh.StatusFailed, nil, attempts{try("good", refresh.OutcomeUnknown)}, false, true, "completed"},
		"failed attempt that did":   {refresh.StatusSucceeded, by("good"), attempts{try("table", refresh.OutcomeFailed), try("good", refresh.OutcomeCompleted)}, false, true, "attempt 1: Power BI says Completed"},
		"cancelled by nobody":       {refresh.StatusCanceled, nil, nil, false, true, "nobody"},
		"not an end":                {refresh.StatusRunning, nil, nil, false, true, "no end"},
		"dropped, but accepted":     {refresh.StatusFailed, nil, attempts{try("", refresh.OutcomeDropped)}, false, true, "was accepted"},
		"unsent, but accepted":      {refresh.StatusFailed, nil, attempts{try("", refresh.OutcomeUnsent)}, false, true, "was accepted"},
		"refused, but accepted":     {refresh.StatusFailed, nil, attempts{try("", refresh.OutcomeRefused)}, false, true, "was accepted"},
		"completed without any id":  {refresh.StatusFailed, nil, attempts{try("", refresh.OutcomeCompleted)}, false, true, "no id"},
		"cancelled, but it was not": {refresh.StatusFailed, nil, attempts{try("bad", refresh.OutcomeCancelled)}, false, true, "says Failed"},
	} {
		doc := handler.StatusDocument{Status: row.status, Result: row.result, Attempts: row.tries}
		got := tr.untrue(doc, row.asked, row.whole)
		if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: found %q, want %q", name, got, row.want)
		}
	}
	doc := handler.StatusDocument{Status: refresh.StatusSucceeded, Result: by("good")}
	if tr.stale(doc, noon) || tr.stale(doc, noon.Add(-time.Second)) || !tr.stale(doc, noon.Add(time.Nanosecond)) {
		t.Error("a stale success is one that was accepted before the caller arrived, and no other")
	}
}
