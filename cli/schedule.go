package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
	"pbirefresh/schedule"
)

// scheduleCommand is about schedules and their files.
func scheduleCommand(env Environment) *cobra.Command {
	return group("schedule", "Show the app's schedules, check a schedule file, or make an entry from Power BI's own",
		listSchedulesCommand(env), checkCommand(env), importCommand(env))
}

// checkCommand reads a file as the app does, and shows its week.
func checkCommand(env Environment) *cobra.Command {
	zoneName, from := "", ""
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Check a schedule file and show its week (- for standard input)", Args: cobra.ExactArgs(1),
		Example: "  pbirefresh schedule check --zone Europe/Berlin schedules.json",
		RunE: func(_ *cobra.Command, args []string) error {
			begin, err := weekBegin(zoneName, from)
			if err != nil {
				return err
			}
			text, err := readInput(args[0], env)
			if err != nil {
				return err
			}
			return showSchedules(text, args[0], begin, env)
		},
	}
	cmd.Flags().StringVar(&zoneName, "zone", "UTC", "time `zone` of the output, such as Europe/Berlin")
	cmd.Flags().StringVar(&from, "from", "", "first `day` of the week, such as 2026-03-28 (default: now)")
	return cmd
}

// weekBegin is the time at which the week begins.
func weekBegin(zoneName, from string) (time.Time, error) {
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		return time.Time{}, usagef("--zone: %q is no IANA time zone", zoneName)
	}
	if from == "" {
		return time.Now().In(zone), nil
	}
	begin, err := time.ParseInLocation(time.DateOnly, from, zone)
	if err != nil {
		return begin, usagef("--from: %q is no date such as 2026-03-28", from)
	}
	return begin, nil
}

func readInput(name string, env Environment) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(env.Stdin)
	}
	return os.ReadFile(name)
}

// warnedAhead is how far warnings look: what happens once a month is in it.
const warnedAhead = 5 * 7 * 24 * time.Hour

// showSchedules prints the week from begin; problems and warnings go to standard error.
func showSchedules(text []byte, name string, begin time.Time, env Environment) error {
	f, err := ParseSchedules(text, name, env)
	if err != nil {
		return err
	}
	before := begin.Add(-1) // a slot at begin is in it, one at the end is not
	planned := schedule.Outlook(f, before, begin.AddDate(0, 0, 7).Sub(begin))
	printSlots(env.Stdout, f, before)
	printWeek(env.Stdout, planned, begin)
	for _, w := range schedule.Warnings(f, schedule.Outlook(f, before, warnedAhead)) {
		fmt.Fprintf(env.Stderr, "%s: warning: %s\n", name, w)
	}
	return nil
}

// ParseSchedules reads a schedule file. Each problem is a line of its own that editors can
// follow.
func ParseSchedules(text []byte, name string, env Environment) (*schedule.File, error) {
	f, err := schedule.Parse(text, handler.ScheduleRequest(0))
	var wrong *schedule.FileError
	if errors.As(err, &wrong) {
		for _, p := range wrong.Problems {
			fmt.Fprintf(env.Stderr, "%s:%s\n", name, p)
		}
		if len(wrong.Problems) == 1 {
			return nil, fmt.Errorf("%s has a problem", name)
		}
		return nil, fmt.Errorf("%s has %d problems", name, len(wrong.Problems))
	}
	return f, err
}
