package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// version is stamped by the build.
var version = "dev"

func main() {
	// A closed pipe counts as well (dev | head): dying of it would leave the processes
	// that dev has started behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	err := run(ctx, os.Args[1:], environment{getenv: os.Getenv, environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

// environment is what a command may touch of the world around it.
type environment struct {
	getenv         func(string) string
	environ        []string
	stdin          io.Reader // nil: empty
	stdout, stderr io.Writer
}

// usageError is a wrong use of the command line.
type usageError struct{ error }

type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, env environment) error
}

func commands() []command {
	return []command{
		{"dev", "refresh a model end to end on this machine, then keep serving", dev},
		{"sim", "serve the stand-ins for Power BI and its neighbours alone, for your own tests", standIns},
		{"package", "stage dist/ and zip it for linux/amd64 and linux/arm64, with a bill of materials each", packageApp},
		{"release", "package, and make what is published with it in build/release", makeRelease},
		{"trigger", "ask an app for a refresh, and watch it to its end", trigger},
		{"watch", "watch an operation by its status URL", watch},
		{"cancel", "cancel an operation", cancel},
		{"doctor", "say what is wrong between an app and a finished refresh, and with -fix how to mend it", examine},
		{"workspaces", "list the Power BI workspaces of the person who is signed in", workspaces},
		{"models", "list the models of a workspace", models},
		{"users", "list who has which role in a workspace", users},
		{"workspace", "give a service principal a role in a workspace (grant); it asks first", grantRole},
		{"keys", "add a version of the key that signs status URLs (rotate)", keysCommand},
		{"audit", "show who asked for what, from the records in the storage", showAudit},
		{"schedule", "check a schedule file and show its week (check), or make an entry of Power BI's own schedule (import)", scheduleCommand},
	}
}

func run(ctx context.Context, args []string, env environment) error {
	if len(args) == 0 {
		usage(env.stdout)
		return nil
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 {
			return run(ctx, append(slices.Clone(args[1:]), "-h"), env)
		}
		usage(env.stdout)
		return nil
	case "version", "-version", "--version":
		fmt.Fprintln(env.stdout, version)
		return nil
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], env)
		}
	}
	return usageError{fmt.Errorf("there is no command %q; pbirefresh help lists them", args[0])}
}

func usage(w io.Writer) {
	fmt.Fprintf(w, "pbirefresh (version %s): reliable refreshes of Power BI semantic models\n\n", version)
	for _, c := range commands() {
		fmt.Fprintf(w, "  pbirefresh %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\npbirefresh COMMAND -h tells the options of a command.\n")
}

// synopsis is how a command is called; its options come before its arguments.
func synopsis(name string) string {
	switch name {
	case "trigger":
		return "trigger [options] WORKSPACE_ID DATASET_ID"
	case "watch":
		return "watch STATUS_URL"
	case "cancel":
		return "cancel [options] STATUS_URL"
	case "doctor":
		return "doctor [options] [WORKSPACE_ID DATASET_ID]"
	case "models", "users":
		return name + " [options] WORKSPACE_ID"
	case "workspace", "workspace grant":
		return "workspace grant [options] WORKSPACE_ID PRINCIPAL_ID [ROLE]"
	case "keys", "keys rotate":
		return "keys rotate [options]"
	case "schedule":
		return "schedule check [options] FILE | schedule import [options] WORKSPACE_ID DATASET_ID"
	case "schedule check":
		return "schedule check [options] FILE"
	case "schedule import":
		return "schedule import [options] WORKSPACE_ID DATASET_ID"
	default:
		return name + " [options]"
	}
}

func exitCode(err error, stderr io.Writer) int {
	var wrongUse usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &wrongUse):
		fmt.Fprintln(stderr, "pbirefresh:", err)
		return 2
	default:
		fmt.Fprintln(stderr, "pbirefresh:", err)
		return 1
	}
}

// parse reads the options of a command and returns what follows them. What a command would
// not heed is refused: nobody means it for nothing.
func parse(fs *flag.FlagSet, args []string, env environment) ([]string, error) {
	fs.SetOutput(io.Discard) // it would print every error besides
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.SetOutput(env.stdout)
			fmt.Fprintln(env.stdout, "usage: pbirefresh "+synopsis(fs.Name()))
			fs.PrintDefaults()
			return nil, err
		}
		return nil, usageError{fmt.Errorf("%w; pbirefresh %s -h tells the options", err, fs.Name())}
	}
	return fs.Args(), unheeded(fs)
}

func unheeded(fs *flag.FlagSet) error {
	takesNone := synopsis(fs.Name()) == fs.Name()+" [options]"
	for _, arg := range fs.Args() {
		if strings.HasPrefix(arg, "-") && arg != "-" {
			return usageError{fmt.Errorf("options come first, also %q: pbirefresh %s", arg, synopsis(fs.Name()))}
		}
		if takesNone {
			return usageError{fmt.Errorf("%q is no option; pbirefresh %s -h tells the options", arg, fs.Name())}
		}
	}
	return nil
}
