package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
)

// maxEntries bounds a list: what is beyond it is for the API.
const maxEntries = 10_000

// listCommand lists what happened.
func listCommand(env Environment) *cobra.Command {
	c, f, limit := connection{env: env}, format(""), 0
	values := map[string]*string{}
	cmd := &cobra.Command{
		Use: "list [WORKSPACE_ID [DATASET_ID]]", Short: "List the operations, newest first: state, cause, caller", Args: cobra.MaximumNArgs(2),
		SuggestFor: []string{"operations", "ls"},
		Example:    "  pbirefresh list --status failed --since 2026-05-31\n  pbirefresh list --label run-4711 --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{}
			for name, value := range values {
				if *value != "" {
					query.Set(name, *value)
				}
			}
			for i, arg := range args {
				query.Set([]string{"workspaceId", "datasetId"}[i], arg)
			}
			if err := checkLimit(limit); err != nil {
				return err
			}
			a, err := c.open(nil)
			if err != nil {
				return err
			}
			return list(cmd.Context(), a, query, limit, f, env)
		},
	}
	for name, usage := range map[string]string{
		"status": "`status`: NotStarted, Running, Succeeded, Failed or Canceled", "since": "created at this `time` or later: 2026-05-31T06:00:00Z, or a date (UTC)",
		"until": "created before this `time`", "caller": "`caller` who shares it: key:NAME, the part behind the colon, or a person's name", "label": "with this `label`",
	} {
		values[name] = cmd.Flags().String(name, "", usage)
	}
	completeWords(cmd, "status", "NotStarted", "Running", "Succeeded", "Failed", "Canceled")
	cmd.Flags().IntVar(&limit, "limit", 50, "most `operations` to list")
	c.add(cmd)
	outputFlag(cmd, &f)
	return cmd
}

func checkLimit(limit int) error {
	if limit < 1 || limit > maxEntries {
		return usagef("--limit must be from 1 to %d", maxEntries)
	}
	return nil
}

// operations reads the operations of a query, page after page.
func operations(ctx context.Context, a app, query url.Values, limit int) ([]handler.OperationEntry, error) {
	all, next := []handler.OperationEntry{}, ""
	for first := true; first || next != "" && len(all) < limit; first = false {
		query.Set("maxresults", strconv.Itoa(min(limit-len(all), 1000)))
		page, err := a.Operations(ctx, query, next)
		if err != nil {
			return nil, err
		}
		all, next = append(all, page.Value...), page.Next
	}
	return all[:min(limit, len(all))], nil
}

// list prints the operations of a query.
func list(ctx context.Context, a app, query url.Values, limit int, f format, env Environment) error {
	all, err := operations(ctx, a, query, limit)
	if err != nil {
		return a.explain(err)
	}
	if f == formatJSON {
		return PrintJSON(env.Stdout, map[string]any{"value": all})
	}
	if len(all) == 0 {
		fmt.Fprintln(env.Stderr, "no operation matches")
		return nil
	}
	return printTable(env.Stdout, []string{"CREATED", "STATUS", "MODEL", "CAUSE", "CALLER", "ID"}, operationRows(all))
}

func operationRows(all []handler.OperationEntry) (rows [][]string) {
	for _, o := range all {
		model := o.ModelName
		if model == "" {
			model = o.DatasetID
		}
		rows = append(rows, []string{moments(o.Created, time.Time{}), string(o.Status), model, causeOf(o), o.Caller, o.ID})
	}
	return rows
}

func causeOf(o handler.OperationEntry) string {
	if o.Error == nil {
		return ""
	}
	return strings.TrimSpace(o.Error.Code + " " + o.Error.Reason)
}

// rerunCommand asks again for what an earlier operation asked for.
func rerunCommand(env Environment) *cobra.Command {
	c, out, key, detach := connection{env: env}, output{env: env}, "", false
	cmd := &cobra.Command{
		Use: "rerun ID", Short: "Request a refresh with the options of an earlier operation, and wait for its end", Args: cobra.ExactArgs(1),
		Long: "Request a refresh with the options of an earlier operation, and wait for its end.\nCtrl-C ends the waiting, not the refresh.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" {
				key = rand.Text()
			}
			a, err := c.open(http.Header{"Idempotency-Key": {key}})
			if err != nil {
				return err
			}
			doc, err := a.Rerun(cmd.Context(), args[0])
			if err != nil {
				return a.explain(err)
			}
			if detach {
				return out.print(doc)
			}
			out.talk("operation %s\n", doc.ID)
			return out.follow(cmd.Context(), a, doc.StatusURL)
		},
	}
	cmd.Flags().StringVar(&key, "idempotency-key", "", "`key` of this request: the same key again returns the same operation (default: a new one)")
	cmd.Flags().BoolVar(&detach, "detach", false, "print the operation and return at once")
	out.maxWaitFlag(cmd)
	c.add(cmd)
	out.add(cmd)
	return cmd
}
