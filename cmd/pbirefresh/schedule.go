package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pbirefresh/access"
	"pbirefresh/handler"
	"pbirefresh/schedule"
)

// scheduleCommand checks schedule files, and makes entries of schedules that Power BI has.
func scheduleCommand(ctx context.Context, args []string, env environment) error {
	if len(args) > 0 {
		switch args[0] {
		case "check":
			return checkSchedules(args[1:], env)
		case "import":
			return importSchedule(ctx, args[1:], env)
		}
	}
	fs := flag.NewFlagSet("schedule", flag.ContinueOnError)
	if _, err := parse(fs, args, env); err != nil {
		return err
	}
	return usageError{errors.New("usage: pbirefresh schedule check [options] FILE, or pbirefresh schedule import [options] WORKSPACE_ID DATASET_ID")}
}

// checkSchedules reads a file as the app does, and shows what it comes to.
func checkSchedules(args []string, env environment) error {
	fs := flag.NewFlagSet("schedule check", flag.ContinueOnError)
	zoneName := fs.String("zone", "UTC", "time zone of what is shown, such as Europe/Berlin")
	from := fs.String("from", "", "where the week that is shown begins, such as 2026-03-28; default: now")
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError{errors.New("usage: pbirefresh schedule check [options] FILE (- for standard input)")}
	}
	zone, err := time.LoadLocation(*zoneName)
	if err != nil {
		return usageError{fmt.Errorf("-zone: %q is no IANA time zone", *zoneName)}
	}
	begin := time.Now().In(zone)
	if *from != "" {
		if begin, err = time.ParseInLocation(time.DateOnly, *from, zone); err != nil {
			return usageError{fmt.Errorf("-from: %q is no date such as 2026-03-28", *from)}
		}
	}
	text, err := readInput(rest[0])
	if err != nil {
		return err
	}
	return showSchedules(text, rest[0], begin, env)
}

func readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

// warnedAhead is how far warnings look: what happens once a month is in it.
const warnedAhead = 5 * 7 * 24 * time.Hour

// showSchedules prints the week from begin; problems and warnings go to standard error.
func showSchedules(text []byte, name string, begin time.Time, env environment) error {
	f, err := parseSchedules(text, name, env)
	if err != nil {
		return err
	}
	before := begin.Add(-1) // a slot at begin is in it, one at the end is not
	planned := schedule.Outlook(f, before, begin.AddDate(0, 0, 7).Sub(begin))
	printSlots(env.stdout, f, before)
	printWeek(env.stdout, planned, begin)
	for _, w := range schedule.Warnings(f, schedule.Outlook(f, before, warnedAhead)) {
		fmt.Fprintf(env.stderr, "%s: warning: %s\n", name, w)
	}
	return nil
}

// parseSchedules tells each problem in a line of its own that editors can follow.
func parseSchedules(text []byte, name string, env environment) (*schedule.File, error) {
	f, err := schedule.Parse(text, handler.ScheduleRequest(0))
	var wrong *schedule.FileError
	if errors.As(err, &wrong) {
		for _, p := range wrong.Problems {
			fmt.Fprintf(env.stderr, "%s:%s\n", name, p)
		}
		if len(wrong.Problems) == 1 {
			return nil, fmt.Errorf("%s has a problem", name)
		}
		return nil, fmt.Errorf("%s has %d problems", name, len(wrong.Problems))
	}
	return f, err
}

// checkPackaged refuses to package what the app would refuse: with a wrong schedule file it
// goes on with the last good one, with a wrong policy it answers nobody.
func checkPackaged(root string, env environment) error {
	text, err := os.ReadFile(filepath.Join(root, "schedules.json"))
	if err == nil {
		_, err = parseSchedules(text, "schedules.json", env)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return checkPolicy(root, env)
}

func checkPolicy(root string, env environment) error {
	text, err := os.ReadFile(filepath.Join(root, "policy.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := access.Parse(text); err != nil {
		for problem := range strings.Lines(err.Error()) {
			fmt.Fprintf(env.stderr, "policy.json: %s\n", strings.TrimSuffix(problem, "\n"))
		}
		return errors.New("policy.json is no policy: access/policy.schema.json says what one is")
	}
	return nil
}
