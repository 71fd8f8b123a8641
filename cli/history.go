package cli

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
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
			if err := checkLimit(limit); err != nil {
				return err
			}
			a, err := c.open(nil)
			if err != nil {
				return err
			}
			return history(cmd.Context(), a, query, limit, f, env)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "created at this `time` or later: 2026-05-31T06:00:00Z, or a date (UTC)")
	cmd.Flags().IntVar(&limit, "limit", 30, "most `operations` to show")
	c.add(cmd)
	outputFlag(cmd, &f)
	return cmd
}

func history(ctx context.Context, a app, query url.Values, limit int, f format, env Environment) error {
	all, err := operations(ctx, a, query, limit)
	switch {
	case err != nil:
		return a.explain(err)
	case f == formatJSON:
		return PrintJSON(env.Stdout, map[string]any{"value": all})
	case len(all) == 0:
		fmt.Fprintln(env.Stderr, "no operation matches")
		return nil
	}
	if took := durations(all); len(took) > 0 {
		sorted := slices.Sorted(slices.Values(took))
		fmt.Fprintf(env.Stdout, "%s  of %d refreshes half took at most %v, 95 %% at most %v\n\n", sparkline(took), len(took), rank(sorted, 0.5), rank(sorted, 0.95))
	}
	var rows [][]string
	for _, o := range all {
		rows = append(rows, []string{moments(o.Created, time.Time{}), string(o.Status), between(o.Created, o.Started), between(o.Started, o.Ended), causeOf(o), o.ID})
	}
	return printTable(env.Stdout, []string{"CREATED", "STATUS", "WAITED", "RAN", "CAUSE", "ID"}, rows)
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

// rank returns a percentile of durations in ascending order, by nearest rank.
func rank(sorted []time.Duration, p float64) time.Duration {
	return sorted[int(math.Ceil(p*float64(len(sorted))))-1]
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
