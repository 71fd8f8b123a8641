// Command pbirefresh is the command line: package cli for operators, and here the
// commands for developers of this project, which need its sources. docs/cli.md lists
// both.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"pbirefresh/cli"
)

// version is stamped by the build.
var version = "dev"

func main() {
	// A closed pipe counts as well (dev | head): dying of it would leave the processes
	// that dev has started behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	env := system()
	code := cli.Run(ctx, commands(env), os.Args[1:], env)
	stop()
	os.Exit(code)
}

func commands(env cli.Environment) *cobra.Command {
	return cli.New(env, devCommand(env), simCommand(env), packageCommand(env), releaseCommand(env))
}
