package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/cli"
	"pbirefresh/local/sim"
)

// simCommand serves the emulators alone, for integration tests: of this app in another
// set-up, or of any program that refreshes Power BI models.
func simCommand(env cli.Environment) *cobra.Command {
	var control string
	var length time.Duration
	cmd := &cobra.Command{
		Use: "sim", Short: "Serve the emulators of Power BI and its neighbours alone, for your own tests", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return emulate(cmd.Context(), env, control, length) },
	}
	cmd.Flags().StringVar(&control, "control", "127.0.0.1:0", "`address` of the control plane; it has no authentication")
	cmd.Flags().DurationVar(&length, "length", sim.DefaultDuration, "how long a refresh takes")
	return cmd
}

func emulate(ctx context.Context, env cli.Environment, control string, length time.Duration) error {
	world, err := sim.Start(sim.WorldOptions{ControlAddr: control, Options: sim.Options{Duration: length}})
	if err != nil {
		return err
	}
	defer func() { _ = world.Close() }()
	settings := world.Env()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(env.Stdout, "export %s='%s'\n", name, settings[name])
	}
	fmt.Fprintf(env.Stdout, "\n# models: %s/%s, %s/%s (shared capacity)\n# what can be made to go wrong: curl %s\n",
		sim.WorkspaceID, sim.SalesModel, sim.SharedWorkspace, sim.SharedModel, world.ControlURL)
	fmt.Fprintln(env.Stderr, "serving; Ctrl-C ends it")
	<-ctx.Done()
	return nil
}
