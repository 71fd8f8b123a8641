package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
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
			return c.printOperations(cmd.Context(), query, limit, f, printList)
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

// printOperations prints the operations of a query: as JSON, or as print does.
func (c *connection) printOperations(ctx context.Context, query url.Values, limit int, f format, print func(io.Writer, []handler.OperationEntry) error) error {
	if limit < 1 || limit > maxEntries {
		return usagef("--limit must be from 1 to %d", maxEntries)
	}
	a, err := c.open(nil)
	if err != nil {
		return err
	}
	all, err := operations(ctx, a, query, limit)
	switch {
	case err != nil:
		return a.explain(err)
	case f == formatJSON:
		return PrintJSON(c.env.Stdout, map[string]any{"value": all})
	case len(all) == 0:
		fmt.Fprintln(c.env.Stderr, "no operation matches")
		return nil
	}
	return print(c.env.Stdout, all)
}

func printList(w io.Writer, all []handler.OperationEntry) error {
	return printTable(w, []string{"CREATED", "STATUS", "MODEL", "CAUSE", "CALLER", "ID"}, operationRows(all))
}

func operationRows(all []handler.OperationEntry) (rows [][]string) {
	for _, o := range all {
		rows = append(rows, []string{moments(o.Created, time.Time{}), string(o.Status), cmp.Or(o.ModelName, o.DatasetID), causeOf(o), o.Caller, o.ID})
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
			return send(cmd.Context(), a, func(ctx context.Context) (handler.StatusDocument, error) { return a.Rerun(ctx, args[0]) }, detach, out)
		},
	}
	cmd.Flags().StringVar(&key, "idempotency-key", "", "`key` of this request: the same key again returns the same operation (default: a new one)")
	cmd.Flags().BoolVar(&detach, "detach", false, "print the operation and return at once")
	out.maxWaitFlag(cmd)
	c.add(cmd)
	out.add(cmd)
	return cmd
}
