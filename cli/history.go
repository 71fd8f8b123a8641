package cli

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
	"pbirefresh/refresh/machine/pace"
)

// historyCommand shows the operations of one model, with their durations.
func historyCommand(env Environment) *cobra.Command {
	c, f, limit, since := connection{env: env}, format(""), 0, ""
	cmd := &cobra.Command{
		Use: "history WORKSPACE_ID DATASET_ID", Short: "Show the operations of one model: how long they waited and ran", Args: cobra.ExactArgs(2),
		Example: "  pbirefresh history WORKSPACE_ID DATASET_ID --since 2026-05-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{"workspaceId": {args[0]}, "datasetId": {args[1]}}
			if since != "" {
				query.Set("since", since)
			}
			return c.printOperations(cmd.Context(), query, limit, f, printHistory)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "created at this `time` or later: 2026-05-31T06:00:00Z, or a date (UTC)")
	cmd.Flags().IntVar(&limit, "limit", 30, "most `operations` to show")
	c.add(cmd)
	outputFlag(cmd, &f)
	return cmd
}

func printHistory(w io.Writer, all []handler.OperationEntry) error {
	if took := durations(all); len(took) > 0 {
		sorted := slices.Sorted(slices.Values(took))
		fmt.Fprintf(w, "%s  of %d refreshes half took at most %v, 95 %% at most %v\n\n", sparkline(took), len(took), pace.Percentile(sorted, 0.5), pace.Percentile(sorted, 0.95))
	}
	var rows [][]string
	for _, o := range all {
		rows = append(rows, []string{moments(o.Created, time.Time{}), string(o.Status), between(o.Created, o.Started), between(o.Started, o.Ended), causeOf(o), o.ID})
	}
	return printTable(w, []string{"CREATED", "STATUS", "WAITED", "RAN", "CAUSE", "ID"}, rows)
}

// durations returns how long the refreshes ran that succeeded, the oldest first.
func durations(all []handler.OperationEntry) (took []time.Duration) {
	for _, o := range slices.Backward(all) {
		if o.Status == machine.StatusSucceeded && !o.Started.IsZero() {
			took = append(took, max(0, o.Ended.Sub(o.Started)).Round(time.Second))
		}
	}
	return took
}

// sparkline draws durations, from nothing to the longest.
func sparkline(took []time.Duration) string {
	const levels = "▁▂▃▄▅▆▇█"
	steps := []rune(levels)
	longest := max(slices.Max(took), 1)
	var line strings.Builder
	for _, d := range took {
		line.WriteRune(steps[int(d*time.Duration(len(steps)-1)/longest)])
	}
	return line.String()
}

// between is a length of time; empty if one end is missing.
func between(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return max(0, to.Sub(from)).Round(time.Second).String()
}
