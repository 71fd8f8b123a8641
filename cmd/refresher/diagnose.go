package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"pbirefresh/doctor"
	"pbirefresh/internal/guid"
	"pbirefresh/powerbi"
)

// The exit codes of the command doctor.
const (
	exitProblem = 1
	exitUsage   = 2
)

// diagnose is "refresher doctor [-fix] [WORKSPACE_ID DATASET_ID]": the checks of GET /api/doctor
// with the settings of this environment, without a host.
func diagnose(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	fix, model, err := diagnoseArguments(args)
	if err != nil {
		fmt.Fprintf(stderr, "refresher doctor: %v\nusage: refresher doctor [-fix] [WORKSPACE_ID DATASET_ID]\n", err)
		return exitUsage
	}
	checks := diagnosis(ctx, getenv, model)
	doctor.Print(stdout, checks, fix)
	if doctor.Overall(checks) == doctor.Problem {
		return exitProblem
	}
	return 0
}

func diagnoseArguments(args []string) (fix bool, model powerbi.Dataset, err error) {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&fix, "fix", false, "")
	if err := flags.Parse(args); err != nil {
		return false, model, err
	}
	switch {
	case flags.NArg() == 0:
		return fix, model, nil
	case flags.NArg() != 2 || !guid.Valid(flags.Arg(0)) || !guid.Valid(flags.Arg(1)):
		return false, model, errors.New("WORKSPACE_ID and DATASET_ID must be two GUIDs, or neither")
	}
	return fix, powerbi.Dataset{WorkspaceID: flags.Arg(0), DatasetID: flags.Arg(1)}, nil
}

func diagnosis(ctx context.Context, getenv func(string) string, model powerbi.Dataset) []doctor.Check {
	s, err := readSettings(getenv)
	if err != nil {
		return examineProblem(err)(ctx, "", model)
	}
	a, err := newApp(s, slog.New(slog.DiscardHandler))
	if err != nil {
		return examineProblem(err)(ctx, "", model)
	}
	return newExaminer(s, a.store).examine(ctx, "", model)
}
