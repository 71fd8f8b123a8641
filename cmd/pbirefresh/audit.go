package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pbirefresh/audit"
	"pbirefresh/internal/guid"
	"pbirefresh/lease/bloblease"
)

// showAudit prints the records of a query, from the storage itself: it needs no app,
// and the right to read the container.
func showAudit(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("audit", flag.ContinueOnError)
	from := fs.String("from", "24h", "since when: 2026-11-25, 2026-11-25T06:00:00Z, or how long ago (36h)")
	to := fs.String("to", "0s", "until when, likewise; a day counts whole")
	model := fs.String("model", "", "only of a workspace, or WORKSPACE_ID/DATASET_ID")
	caller := fs.String("caller", "", "only by a caller: key:NAME, an object id, or a person's name")
	asJSON := fs.Bool("json", false, "one JSON object a line")
	endpoint := fs.String("storage", "", "blob endpoint of the state; default: $STATE_STORAGE__blobServiceUri, else the connection string in $STATE_STORAGE")
	container := fs.String("container", "", "default: $AUDIT_CONTAINER, else $STATE_CONTAINER, else pbirefresh")
	if _, err := parse(fs, args, env); err != nil {
		return err
	}
	q, err := query(*from, *to, *model, *caller, time.Now())
	if err != nil {
		return usageError{err}
	}
	store, err := auditStore(*endpoint, *container, env)
	if err != nil {
		return err
	}
	return printRecords(env, audit.Read(ctx, store, q), *asJSON)
}

func query(from, to, model, caller string, now time.Time) (audit.Query, error) {
	q := audit.Query{Caller: caller}
	var err error
	if q.From, err = moment(from, now, false); err != nil {
		return q, fmt.Errorf("-from: %w", err)
	}
	if q.To, err = moment(to, now, true); err != nil {
		return q, fmt.Errorf("-to: %w", err)
	}
	dataset := false
	q.Workspace, q.Dataset, dataset = strings.Cut(model, "/")
	if model != "" && (!guid.Valid(q.Workspace) || dataset && !guid.Valid(q.Dataset)) { // a slip would look as if nothing had happened
		return q, fmt.Errorf("-model: %q is not WORKSPACE_ID or WORKSPACE_ID/DATASET_ID (GUIDs)", model)
	}
	return q, q.Check()
}

// moment reads a day, a time, or how long ago. The end of a day is the beginning of
// the next one.
func moment(text string, now time.Time, end bool) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			at = at.AddDate(0, 0, 1)
		}
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is neither a day (2026-11-25), a time (2026-11-25T06:00:00Z) nor how long ago (36h)", text)
	}
	return at, nil
}

func auditStore(endpoint, container string, env environment) (audit.Reader, error) {
	return stateStore(endpoint, cmp.Or(container, env.getenv("AUDIT_CONTAINER")), env)
}

// stateStore opens a container with the rights of who is signed in (az login, or any
// other way of the Azure SDK's default credential).
func stateStore(endpoint, container string, env environment) (*bloblease.Store, error) {
	o := bloblease.Options{
		ServiceURL: strings.TrimRight(cmp.Or(endpoint, env.getenv("STATE_STORAGE__blobServiceUri")), "/"),
		Container:  cmp.Or(container, env.getenv("STATE_CONTAINER"), "pbirefresh"),
	}
	if o.ServiceURL == "" {
		o.ConnectionString = env.getenv("STATE_STORAGE")
		if o.ConnectionString == "" || o.ConnectionString == "memory" {
			return nil, usageError{errors.New("say where the state is: -storage https://account.blob.core.windows.net, STATE_STORAGE__blobServiceUri or STATE_STORAGE (a state in memory cannot be read)")}
		}
		return bloblease.New(o)
	}
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, signInFirst(err)
	}
	o.Credential = credential
	store, err := bloblease.New(o)
	if err != nil && endpoint != "" {
		return nil, usageError{fmt.Errorf("-storage %q: %w", endpoint, err)}
	}
	return store, err
}

// signInFirst says what to do before the words of the default credential, which tell each
// way that it has tried, and are cut before the last one: the Azure CLI.
func signInFirst(err error) error {
	if !strings.Contains(err.Error(), "DefaultAzureCredential") {
		return err
	}
	return fmt.Errorf("no sign-in works here: run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (%w)", err)
}

// printRecords prints what can be read, and fails if something could not.
func printRecords(env environment, records iter.Seq2[audit.Record, error], asJSON bool) error {
	problems, found := 0, false
	for r, err := range records {
		found = true
		switch {
		case err != nil:
			problems++
			fmt.Fprintln(env.stderr, "not read:", printable(signInFirst(err).Error()))
		case asJSON:
			if err := json.NewEncoder(env.stdout).Encode(r); err != nil {
				return err
			}
		default:
			printRecord(env.stdout, r)
		}
	}
	if problems > 0 {
		return fmt.Errorf("%d of the records could not be read", problems)
	}
	if !found {
		fmt.Fprintln(env.stderr, "no record matches")
	}
	return nil
}

func printRecord(w io.Writer, r audit.Record) {
	who := strings.TrimSpace(r.Caller + " " + r.Name + " " + r.Address)
	model := r.WorkspaceID + "/" + r.DatasetID
	id := cmp.Or(r.ID, fmt.Sprintf("%s operation %d", model, r.Operation))
	if r.Refusal != nil {
		id = model // there is no operation
	}
	fmt.Fprintln(w, printable(fmt.Sprintf("%s  %-12s  %s  %s  %s", r.Time.UTC().Format(time.RFC3339), r.Event, id, what(r), who)))
}

func what(r audit.Record) string {
	switch {
	case r.Ask != nil && r.Ask.ObjectCount > 0:
		return fmt.Sprintf("%s, %d objects", r.Ask.Kind, r.Ask.ObjectCount)
	case r.Ask != nil:
		return cmp.Or(r.Ask.Kind, "auto")
	case r.Cancel != nil && r.Cancel.Everybody:
		return "for everybody"
	case r.Refusal != nil:
		return r.Refusal.Code
	case r.End != nil:
		return strings.TrimSpace(r.End.Status + " " + r.End.Code + " " + r.End.Reason)
	default:
		return ""
	}
}

// printable keeps what callers chose from moving the cursor of who reads it.
func printable(s string) string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s), " ")
}
