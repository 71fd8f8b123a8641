package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/azurite"
)

// seededAudit is a container with three records, and the Environment that leads to it.
func seededAudit(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{"STATE_STORAGE": azurite.Shared(t).ConnectionString(), "AUDIT_CONTAINER": azurite.NewContainer()}
	store, err := bloblease.New(bloblease.Options{ConnectionString: env["STATE_STORAGE"], Container: env["AUDIT_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	trail := audit.New(store, nil, nil)
	now := time.Now().UTC()
	for _, r := range []audit.Record{
		{Time: now.Add(-2 * time.Minute), Event: audit.Asked, Caller: "key:adf", Name: "Ada\x1b[31m", Address: "203.0.113.7", Ask: &audit.Ask{Kind: "enhanced", ObjectCount: 2}},
		{Time: now.Add(-time.Minute), Event: audit.CancelAsked, Caller: "object:bob", Cancel: &audit.Cancel{Everybody: true}},
	} {
		r.WorkspaceID, r.DatasetID, r.Epoch, r.Operation = workspace, dataset, "e", 7
		if err := trail.Write(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	refused := audit.Record{Time: now.Add(-30 * time.Second), Event: audit.Refused, WorkspaceID: workspace, DatasetID: dataset, Caller: "key:loop", Refusal: &audit.Refusal{Code: "TooManyCallbacks"}}
	if err := trail.Write(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	end := audit.Record{Time: now, Event: audit.Ended, WorkspaceID: workspace, DatasetID: dataset, Epoch: "e", Operation: 7, End: &audit.End{Status: "Canceled", Code: "OperationCanceled"}}
	if err := trail.EndNow(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	return env
}

func TestAuditShowsTheRecords(t *testing.T) {
	t.Parallel()
	env := seededAudit(t)
	lines := strings.Split(strings.TrimSpace(runCommand(t, env, "audit", "--to", "2099-01-01", "--from", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)).exits(2).stdout), "\n")
	if len(lines) != 1 || lines[0] != "" {
		t.Errorf("a query over decades was answered: %q", lines)
	}
	r := runCommand(t, env, "audit").exits(0)
	lines = strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 4 {
		t.Fatalf("audit printed %q, want four records", r.stdout)
	}
	for i, want := range []string{"asked operation 7 enhanced, 2 objects key:adf Ada?[31m 203.0.113.7", "cancel-asked for everybody object:bob", "refused TooManyCallbacks key:loop", "ended Canceled OperationCanceled"} {
		for word := range strings.FieldsSeq(want) {
			if !strings.Contains(lines[i], word) {
				t.Errorf("%q does not say %q", lines[i], word)
			}
		}
	}
	if strings.Contains(r.stdout, "\x1b") {
		t.Error("a name moves the cursor")
	}
	for _, args := range [][]string{{"--caller", "bob"}, {"--caller", "object:bob"}, {"--model", workspace, "--caller", "bob"}, {"--model", workspace + "/" + dataset, "--caller", "BOB"}} {
		if out := runCommand(t, env, append([]string{"audit"}, args...)...).exits(0).stdout; strings.Count(out, "\n") != 1 {
			t.Errorf("%v: %q", args, out)
		}
	}
	if r := runCommand(t, env, "audit", "--model", dataset).exits(0).prints(""); r.stderr != "no record matches\n" {
		t.Errorf("stderr %q", r.stderr)
	}
	runCommand(t, env, "audit", "--to", "1h").exits(0).prints("")
}

func TestAuditAsJSON(t *testing.T) {
	t.Parallel()
	out := runCommand(t, seededAudit(t), "audit", "--output", "json", "--caller", "key:adf").exits(0).stdout
	var r audit.Record
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Operation != 7 || r.Ask == nil || strings.Count(out, "\n") != 1 {
		t.Errorf("%q, %v", out, err)
	}
}

func TestAuditWantsToKnowWhere(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{nil, {"STATE_STORAGE": "memory"}} {
		runCommand(t, env, "audit").exits(2).says("STATE_STORAGE")
	}
	for _, args := range [][]string{{"--from", "yesterday"}, {"--to", "tomorrow"}, {"--from", "1h", "--to", "2h"}, {"something"}, {"--model", "sales"}, {"--model", "/"}, {"--model", workspace + "," + workspace}} {
		runCommand(t, map[string]string{"STATE_STORAGE": "x"}, append([]string{"audit"}, args...)...).exits(2)
	}
	runCommand(t, nil, "audit", "--storage", "account").exits(2).says(`--storage "account": `)
	runCommand(t, map[string]string{"STATE_STORAGE": "AccountKey=s3cret"}, "audit").exits(1).says("STATE_STORAGE")
}

// What the SDK says is long and cut before its last way, the Azure CLI.
func TestSignInFirst(t *testing.T) {
	t.Parallel()
	unsigned := errors.New("List audit/: DefaultAzureCredential: failed to acquire a token")
	if err := signInFirst(unsigned); !strings.HasPrefix(err.Error(), "no sign-in works here: run az login") || !errors.Is(err, unsigned) {
		t.Error(err)
	}
	if other := errors.New("403"); !errors.Is(signInFirst(other), other) || signInFirst(other).Error() != "403" {
		t.Error("another error is told as one of the sign-in")
	}
}

// A record that cannot be read fails the command, and hides no other.
func TestAuditTellsWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	env := seededAudit(t)
	store, err := bloblease.New(bloblease.Options{ConnectionString: env["STATE_STORAGE"], Container: env["AUDIT_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	name := "audit/" + time.Now().UTC().Format("2006/01/02") + "/broken.json"
	if _, err := store.Create(t.Context(), name, []byte("{"), nil); err != nil {
		t.Fatal(err)
	}
	r := runCommand(t, env, "audit").exits(1)
	if strings.Count(r.stdout, "\n") != 4 || !strings.Contains(r.stderr, "broken.json") {
		t.Errorf("audit beside a broken record printed %q and %q, want four records and the name broken.json", r.stdout, r.stderr)
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"36h": "2026-11-24T00:00:00Z", "0s": "2026-11-25T12:00:00Z", "2026-11-20": "2026-11-20T00:00:00Z", "2026-11-20T06:00:00+01:00": "2026-11-20T05:00:00Z",
	} {
		at, err := moment(text, now, false)
		if err != nil || at.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
	if at, err := moment("2026-11-20", now, true); err != nil || at.Format(time.RFC3339) != "2026-11-21T00:00:00Z" {
		t.Errorf("the end of a day: %v, %v", at, err)
	}
	if _, err := moment("-1h", now, false); err == nil {
		t.Error("the future was taken")
	}
	var b bytes.Buffer
	printRecord(&b, audit.Record{Event: audit.Asked, Ask: &audit.Ask{}})
	if strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%q", &b)
	}
}

// FuzzQuery: whatever is asked for on the command line, it is a query that can be
// answered, or an error.
func FuzzQuery(f *testing.F) {
	f.Add("24h", "0s", "", "")
	f.Add("2026-11-25", "2026-11-26", "a/b", "key:adf")
	f.Add("-1h", "9999-12-31T23:59:59Z", "/", "\x1b")
	f.Add("2562047h47m16s", "0001-01-01", "//", "")
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, from, to, model, caller string) {
		q, err := query(from, to, model, caller, now)
		if err != nil {
			return
		}
		if span := q.To.Sub(q.From); span <= 0 || span > 401*24*time.Hour {
			t.Fatalf("%v of records", span)
		}
	})
}
