package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/audit"
	"pbirefresh/internal/foreign"
	"pbirefresh/internal/guid"
)

// auditFlags are what records to show, and where they are.
type auditFlags struct {
	storage                 storageFlags
	from, to, model, caller string
	format                  format
}

func (f *auditFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.from, "from", "24h", "beginning: a `time` such as 2026-11-25, 2026-11-25T06:00:00Z, or how long ago (36h)")
	cmd.Flags().StringVar(&f.to, "to", "0s", "end: a `time` in the same formats; a date includes the whole day")
	cmd.Flags().StringVar(&f.model, "model", "", "only this workspace or model: `WORKSPACE_ID[/DATASET_ID]`")
	f.storage.add(cmd, "AUDIT_CONTAINER, else $STATE_CONTAINER")
	outputFlag(cmd, &f.format)
}

// records reads the records from the storage itself: it needs no app, and the right to
// read the container.
func (f *auditFlags) records(ctx context.Context, env Environment) (iter.Seq2[audit.Record, error], error) {
	q, err := query(f.from, f.to, f.model, f.caller, time.Now())
	if err != nil {
		return nil, Usage(err)
	}
	store, err := f.storage.open(env, env.Getenv("AUDIT_CONTAINER"))
	if err != nil {
		return nil, err
	}
	return audit.Read(ctx, store, q), nil
}

func auditCommand(env Environment) *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use: "audit", Short: "Show who requested and cancelled what, and each result", Args: cobra.NoArgs,
		Long: "Show who requested and cancelled what, and each result, from the records in the storage.\n" +
			"It needs Storage Blob Data Reader on the container: run az login first.",
		Example: "  pbirefresh audit --from 36h --model WORKSPACE_ID/DATASET_ID\n  pbirefresh audit --from 2026-11-01 --to 2026-11-30 --caller key:adf --output json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			records, err := f.records(cmd.Context(), env)
			if err != nil {
				return err
			}
			return printRecords(env, records, f.format == formatJSON)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.caller, "caller", "", "only this `caller`: key:NAME, an object id, or a person's name")
	cmd.Flags().Lookup("output").Usage = "`format` of the records: table, or json (one object a line)"
	return cmd
}

func query(from, to, model, caller string, now time.Time) (audit.Query, error) {
	q := audit.Query{Caller: caller}
	var err error
	if q.From, err = moment(from, now, false); err != nil {
		return q, fmt.Errorf("--from: %w", err)
	}
	if q.To, err = moment(to, now, true); err != nil {
		return q, fmt.Errorf("--to: %w", err)
	}
	dataset := false
	q.Workspace, q.Dataset, dataset = strings.Cut(model, "/")
	if model != "" && (!guid.Valid(q.Workspace) || dataset && !guid.Valid(q.Dataset)) { // a slip would look as if nothing had happened
		return q, fmt.Errorf("--model: %q is not WORKSPACE_ID or WORKSPACE_ID/DATASET_ID (GUIDs)", model)
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

// signInFirst says what to do before the words of the default credential, which tell each
// way that it has tried, and are cut before the last one: the Azure CLI.
func signInFirst(err error) error {
	if !strings.Contains(err.Error(), "DefaultAzureCredential") {
		return err
	}
	return fmt.Errorf("no sign-in works here: run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (%w)", err)
}

// printRecords prints what can be read, and fails if something could not.
func printRecords(env Environment, records iter.Seq2[audit.Record, error], asJSON bool) error {
	problems, found := 0, false
	for r, err := range records {
		found = true
		switch {
		case err != nil:
			problems++
			fmt.Fprintln(env.Stderr, "not read:", printable(signInFirst(err).Error()))
		case asJSON:
			if err := json.NewEncoder(env.Stdout).Encode(r); err != nil {
				return err
			}
		default:
			printRecord(env.Stdout, r)
		}
	}
	if problems > 0 {
		return fmt.Errorf("%d of the records could not be read", problems)
	}
	if !found {
		fmt.Fprintln(env.Stderr, "no record matches")
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

// printable keeps foreign text from moving the cursor of a terminal.
func printable(s string) string { return strings.TrimRight(foreign.Printable(s), " ") }
