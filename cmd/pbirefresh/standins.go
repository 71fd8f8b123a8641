package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"

	"pbirefresh/local/sim"
)

// standIns serves the stand-ins alone, for somebody's own integration tests: of
// this app in another set-up, or of any program that refreshes Power BI models.
func standIns(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("sim", flag.ContinueOnError)
	control := fs.String("control", "127.0.0.1:0", "address of the control plane; it has no authentication")
	length := fs.Duration("length", sim.DefaultDuration, "how long a refresh takes")
	if _, err := parse(fs, args, env); err != nil {
		return err
	}
	world, err := sim.Start(sim.WorldOptions{ControlAddr: *control, Options: sim.Options{Duration: *length}})
	if err != nil {
		return err
	}
	defer func() { _ = world.Close() }()
	settings := world.Env()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(env.stdout, "export %s='%s'\n", name, settings[name])
	}
	fmt.Fprintf(env.stdout, "\n# models: %s/%s, %s/%s (shared capacity)\n# what can be made to go wrong: curl %s\n",
		sim.WorkspaceID, sim.SalesModel, sim.SharedWorkspace, sim.SharedModel, world.ControlURL)
	fmt.Fprintln(env.stderr, "serving; Ctrl-C ends it")
	<-ctx.Done()
	return nil
}
