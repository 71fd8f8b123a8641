package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
)

// listSchedulesCommand shows the schedules that an app runs.
func listSchedulesCommand(env Environment) *cobra.Command {
	c := connection{env: env}
	var f format
	cmd := &cobra.Command{
		Use: "list", Short: "Show the schedules of the app: next starts and last results", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := c.open(nil)
			if err != nil {
				return err
			}
			return listSchedules(cmd.Context(), a, f, env)
		},
	}
	c.add(cmd)
	outputFlag(cmd, &f)
	return cmd
}

// listSchedules prints the schedules. A problem with their file goes to standard error: the
// last good version goes on.
func listSchedules(ctx context.Context, a app, f format, env Environment) error {
	doc, err := a.Schedules(ctx)
	if err != nil {
		return a.explain(err)
	}
	if f == formatJSON {
		return PrintJSON(env.Stdout, doc)
	}
	if p := doc.Source.Problem; p != nil {
		fmt.Fprintf(env.Stderr, "%s: %s: %s\n", printable(doc.Source.Name), p.Code, printable(p.Message))
	}
	return printTable(env.Stdout, []string{"SCHEDULE", "TIMING", "NEXT START", "MODEL", "LAST SLOT", "RESULT"}, scheduleRows(doc))
}

func scheduleRows(doc handler.SchedulesDocument) (rows [][]string) {
	for _, e := range doc.Schedules {
		for _, m := range e.Models {
			next := moments(m.NextStart, time.Time{})
			if !e.Enabled {
				next = "disabled"
			}
			slot, result := lastSlot(m.Last)
			rows = append(rows, []string{e.Name, e.Timing, next, m.WorkspaceID + "/" + m.DatasetID, slot, result})
		}
	}
	return rows
}

// lastSlot is the newest slot, and what became of it.
func lastSlot(s *handler.ScheduledSlot) (slot, result string) {
	if s == nil {
		return "", ""
	}
	result = string(s.Outcome)
	if s.Status != "" {
		result = string(s.Status)
	}
	if s.Error != nil {
		result = strings.TrimSpace(result + " " + s.Error.Code)
	}
	return moments(s.Slot, time.Time{}), result
}
