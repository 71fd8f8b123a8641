package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"pbirefresh/docs"
)

// Every query of the runbook is printed, with its alert and what that means.
func TestQueriesAreThoseOfTheRunbook(t *testing.T) {
	t.Parallel()
	var alerts []alertQueries
	if err := json.Unmarshal([]byte(runCommand(t, nil, "queries", "-o", "json").exits(0).stdout), &alerts); err != nil {
		t.Fatal(err)
	}
	list, count := runCommand(t, nil, "queries").exits(0), 0
	for _, a := range alerts {
		list.shows("\n" + a.Alert + " ").shows(a.Means)
		runCommand(t, nil, "queries", a.Alert).exits(0).prints(strings.Join(a.Queries, "\n\n") + "\n")
		if !strings.HasSuffix(a.Means, ".") || strings.ContainsAny(a.Means, "*`\n") {
			t.Errorf("%s means that %q", a.Alert, a.Means)
		}
		count += len(a.Queries)
		for _, query := range a.Queries {
			if !strings.Contains(docs.Runbook, "```kql\n"+query+"\n```") {
				t.Errorf("%s: not in docs/runbook.md:\n%s", a.Alert, query)
			}
		}
	}
	if want := strings.Count(docs.Runbook, "```kql"); count != want {
		t.Errorf("%d queries, docs/runbook.md has %d", count, want)
	}
}

func TestQueriesOfAModel(t *testing.T) {
	t.Parallel()
	model := workspace + "/" + dataset
	out := runCommand(t, nil, "queries", "failed", "--model", model).exits(0).shows(`"` + model + `"`).stdout
	if strings.Contains(out, "WORKSPACE_ID") {
		t.Errorf("the model is not in all of\n%s", out)
	}
	runCommand(t, nil, "queries", "broken").exits(exitUsage).says(`there is no alert "broken"`).prints("")
	runCommand(t, nil, "queries", "failed", "stuck").exits(exitUsage).says("accepts at most 1 arg(s)")
	for _, wrong := range []string{"sales", workspace, workspace + "/sales"} {
		runCommand(t, nil, "queries", "failed", "--model", wrong).exits(exitUsage).says("is not WORKSPACE_ID/DATASET_ID").prints("")
	}
}
