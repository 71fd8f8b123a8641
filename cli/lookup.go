package cli

import (
	"cmp"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/spf13/cobra"

	"pbirefresh/internal/lookup"
	"pbirefresh/powerbi"
)

// powerBI is how the look-ups reach Power BI: as the person who is signed in.
type powerBI struct {
	browser bool
	cloud   string
	env     Environment
}

func (p *powerBI) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.browser, "browser", false, "sign in with a browser instead of az login")
	cmd.Flags().StringVar(&p.cloud, "cloud", "", "`cloud` of Power BI: public, usgov, usgovhigh, usgovmil or china (default: $POWERBI_CLOUD, else public)")
	completeWords(cmd, "cloud", "public", "usgov", "usgovhigh", "usgovmil", "china")
}

// client sends nothing yet.
func (p *powerBI) client() (*powerbi.Client, error) {
	cloud, err := cloudNamed(p.env, cmp.Or(p.cloud, p.env.Getenv("POWERBI_CLOUD")))
	if err != nil {
		return nil, err
	}
	var credential azcore.TokenCredential
	if p.browser {
		credential, err = azidentity.NewInteractiveBrowserCredential(nil)
	} else {
		credential, err = azidentity.NewAzureCLICredential(nil)
	}
	if err != nil {
		return nil, err
	}
	return powerbi.NewClient(credential, powerbi.Options{Cloud: cloud, Version: p.env.Version})
}

// cloudNamed returns where Power BI is. $POWERBI_API_URL is another address, as in the
// settings of the app: the emulators.
func cloudNamed(env Environment, name string) (powerbi.Cloud, error) {
	cloud, err := powerbi.CloudNamed(name)
	if err != nil {
		return cloud, usagef("--cloud must be public, usgov, usgovhigh, usgovmil or china, not %q", name)
	}
	cloud, err = cloud.Override(env.Getenv("POWERBI_API_URL"), "", "")
	if err != nil {
		return cloud, usagef("POWERBI_API_URL: %w", err)
	}
	return cloud, nil
}

func workspacesCommand(env Environment) *cobra.Command {
	return listing(env, "workspaces", "List the Power BI workspaces of the person who is signed in", 0,
		func(cmd *cobra.Command, c *powerbi.Client, _ []string, s lookup.Show) error {
			return lookup.Workspaces(cmd.Context(), c, s)
		})
}

func modelsCommand(env Environment) *cobra.Command {
	return listing(env, "models WORKSPACE_ID", "List the models of a workspace", 1,
		func(cmd *cobra.Command, c *powerbi.Client, ids []string, s lookup.Show) error {
			return lookup.Models(cmd.Context(), c, ids[0], s)
		})
}

func usersCommand(env Environment) *cobra.Command {
	return listing(env, "users WORKSPACE_ID", "List who has which role in a workspace", 1,
		func(cmd *cobra.Command, c *powerbi.Client, ids []string, s lookup.Show) error {
			return lookup.Users(cmd.Context(), c, ids[0], s)
		})
}

// listing is a command that takes so many ids and prints a list.
func listing(env Environment, use, short string, ids int, show func(*cobra.Command, *powerbi.Client, []string, lookup.Show) error) *cobra.Command {
	p := powerBI{env: env}
	var f format
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(ids),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			return show(cmd, c, args, lookup.Show{Out: env.Stdout, JSON: f == formatJSON})
		},
	}
	p.add(cmd)
	outputFlag(cmd, &f)
	return cmd
}

func workspaceCommand(env Environment) *cobra.Command {
	return group("workspace", "Give a service principal a role in a workspace", grantCommand(env))
}

func grantCommand(env Environment) *cobra.Command {
	p := powerBI{env: env}
	kind, yes := "", false
	cmd := &cobra.Command{
		Use: "grant WORKSPACE_ID PRINCIPAL_ID [ROLE]", Short: "Give a service principal a role in a workspace; it asks first",
		Args: cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := lookup.Grant{WorkspaceID: args[0], Principal: args[1], Role: first(args, 2), Kind: kind, Yes: yes}.Complete()
			if err != nil {
				return Usage(err)
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			return g.Run(cmd.Context(), c, env.Stdin, env.Stderr)
		},
	}
	p.add(cmd)
	cmd.Flags().StringVar(&kind, "type", "App", "`type` of the principal: App, Group or User")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
