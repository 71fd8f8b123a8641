package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

const (
	groupRefreshes = "refreshes"
	groupSetUp     = "setup"
	groupDevelop   = "develop"
)

// New returns the command line; develop are the commands for developers of this project.
func New(env Environment, develop ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:   "pbirefresh",
		Short: "Reliable refreshes of Power BI semantic models",
		Long: "Reliable refreshes of Power BI semantic models.\n\n" +
			"Set PBIREFRESH_URL and PBIREFRESH_KEY, or make a profile: pbirefresh profile set NAME --url URL",
		Version:       env.Version,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SuggestionsMinimumDistance = 2
	root.SetHelpTemplate(helpTemplate)
	root.AddGroup(&cobra.Group{ID: groupRefreshes, Title: "Refreshes:"}, &cobra.Group{ID: groupSetUp, Title: "Set-up and operation:"},
		&cobra.Group{ID: groupDevelop, Title: "Development of pbirefresh:"})
	add(root, groupRefreshes, refreshCommand(env), statusCommand(env), watchCommand(env), cancelCommand(env), listCommand(env), historyCommand(env), rerunCommand(env))
	add(root, groupSetUp, profileCommand(env), doctorCommand(env), scheduleCommand(env), auditCommand(env), queriesCommand(env), keysCommand(env),
		workspacesCommand(env), modelsCommand(env), usersCommand(env), workspaceCommand(env))
	add(root, groupDevelop, append(develop, manCommand())...)
	root.SetHelpCommandGroupID(groupSetUp)
	root.SetCompletionCommandGroupID(groupSetUp)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	return root
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// helpTemplate is that of cobra; the trailing line end of the long text is not doubled.
const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}`

// Run runs a command line and returns its exit code.
func Run(ctx context.Context, root *cobra.Command, args []string, env Environment) int {
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	if err := findCommand(root, args); err != nil {
		return report(err, env.Stderr)
	}
	started := false
	markStart(root, &started)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !started {
		err = usagef("%s; see %s --help", hinted(cmd, err), cmd.CommandPath())
	}
	return report(err, env.Stderr)
}

// findCommand rejects a command that does not exist, also when only its help is wanted:
// cobra would print the help of the command above.
func findCommand(root *cobra.Command, args []string) error {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	c, rest, _ := root.Find(args)
	if c.Name() == "help" {
		c, rest, _ = root.Find(rest)
	}
	if len(rest) == 0 || !c.HasSubCommands() || strings.HasPrefix(rest[0], "-") || strings.HasPrefix(rest[0], "__") {
		return nil
	}
	return unknownCommand(c, rest[0])
}

// markStart notes when a command runs: an error before is one of its arguments or flags.
func markStart(cmd *cobra.Command, started *bool) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*started = true
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		markStart(sub, started)
	}
}

var singleDash = regexp.MustCompile(`^unknown shorthand flag: '.' in -([a-z][a-z-]+)`)

// hinted is the text of a flag error, with the long flag for one with a single dash.
func hinted(cmd *cobra.Command, err error) string {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " ")
	if m := singleDash.FindStringSubmatch(text); m != nil && cmd.Flags().Lookup(m[1]) != nil {
		return fmt.Sprintf("flag -%s has two dashes: --%s", m[1], m[1])
	}
	return text
}

// unknownCommand is the error for a command that does not exist.
func unknownCommand(cmd *cobra.Command, name string) error {
	meant := ""
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		meant = fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
	}
	return usagef("unknown command %q for %s%s; see %s --help", name, cmd.CommandPath(), meant, cmd.CommandPath())
}

// group is a command that only has subcommands.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return usagef("%s needs a command; see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
	cmd.AddCommand(subs...)
	return cmd
}
