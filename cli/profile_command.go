package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func profileCommand(env Environment) *cobra.Command {
	return group("profile", "Store the address and key of an app",
		setProfileCommand(env), listProfilesCommand(env), useProfileCommand(env), removeProfileCommand(env))
}

func setProfileCommand(env Environment) *cobra.Command {
	var p profile
	cmd := &cobra.Command{
		Use: "set NAME", Short: "Add or replace a profile", Args: cobra.ExactArgs(1),
		Long: "Add or replace a profile. The function key is read from standard input: typed without echo on a terminal.\n" +
			"The first profile becomes the default. The file has mode 0600; PBIREFRESH_PROFILES is another path for it.",
		Example: "  pbirefresh profile set prod --url https://app.azurewebsites.net\n" +
			"  az functionapp keys list -g GROUP -n APP --query functionKeys.default -o tsv | pbirefresh profile set prod --url https://app.azurewebsites.net\n" +
			"  pbirefresh profile set prod --url https://app.azurewebsites.net --auth azure --resource api://CLIENT_ID",
		RunE: func(_ *cobra.Command, args []string) error { return setProfile(env, args[0], p) },
	}
	cmd.Flags().StringVar(&p.URL, "url", "", "`address` of the function app (required)")
	cmd.Flags().StringVar(&p.Auth, "auth", authKey, "`how` to sign in: key, or azure (the key, and a token of az login, for App Service authentication)")
	cmd.Flags().StringVar(&p.Resource, "resource", "", "with --auth azure: `what` the token is for, such as api://CLIENT_ID")
	completeWords(cmd, "auth", authKey, authAzure)
	return cmd
}

func setProfile(env Environment, name string, p profile) error {
	p.URL = strings.TrimRight(p.URL, "/")
	switch {
	case !isURL(p.URL):
		return usagef("--url is missing or no address: it begins with https:// or http://")
	case p.Auth != authKey && p.Auth != authAzure:
		return usagef("--auth %q is neither key nor azure", p.Auth)
	case (p.Auth == authAzure) != (p.Resource != ""):
		return usagef("--resource goes with --auth azure: what the token is for, such as api://CLIENT_ID")
	}
	all, err := readProfiles(env)
	if err != nil {
		return err
	}
	if p.Key, err = askKey(env); err != nil {
		return err
	}
	all.Profiles[name] = p
	if all.Default == "" {
		all.Default = name
	}
	return writeProfiles(env, all)
}

// askKey reads the key from a person, without echo, or from a pipe.
func askKey(env Environment) (string, error) {
	fd, ok := terminal(env.Stdin)
	if !ok {
		return readSecret(env.Stdin)
	}
	fmt.Fprint(env.Stderr, "function key: ")
	key, err := term.ReadPassword(fd)
	fmt.Fprintln(env.Stderr)
	if err == nil && len(key) == 0 {
		err = usagef("the function key is missing")
	}
	return strings.TrimSpace(string(key)), err
}

func listProfilesCommand(env Environment) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show the profiles, without their keys", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := readProfiles(env)
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "PROFILE\tDEFAULT\tAUTH\tURL")
			for _, name := range slices.Sorted(maps.Keys(all.Profiles)) {
				mark := ""
				if name == all.Default {
					mark = "yes"
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", printable(name), mark, all.Profiles[name].Auth, printable(all.Profiles[name].URL))
			}
			return t.Flush()
		},
	}
}

func useProfileCommand(env Environment) *cobra.Command {
	return changeProfile(env, "use NAME", "Make a profile the default", func(all *profiles, name string) { all.Default = name })
}

func removeProfileCommand(env Environment) *cobra.Command {
	return changeProfile(env, "remove NAME", "Delete a profile with its key", func(all *profiles, name string) {
		delete(all.Profiles, name)
		if all.Default == name {
			all.Default = ""
		}
	})
}

// changeProfile is a command that changes something about a profile that exists.
func changeProfile(env Environment, use, short string, change func(*profiles, string)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return profileNames(env), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := namedProfile(env, args[0]); err != nil {
				return err
			}
			all, err := readProfiles(env)
			if err != nil {
				return err
			}
			change(&all, args[0])
			return writeProfiles(env, all)
		},
	}
}

// completeWords offers the values of a flag to shells.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	})
}
