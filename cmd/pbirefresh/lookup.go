package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pbirefresh/internal/lookup"
	"pbirefresh/powerbi"
)

// powerBI is how the look-ups reach Power BI: as the person who is signed in.
type powerBI struct {
	browser *bool
	cloud   *string
	env     environment
}

func powerBIFlags(fs *flag.FlagSet, env environment) powerBI {
	return powerBI{
		browser: fs.Bool("browser", false, "sign in with a browser instead of az login"),
		cloud:   fs.String("cloud", "", "public, usgov, usgovhigh, usgovmil or china; default: $POWERBI_CLOUD, else public"),
		env:     env,
	}
}

// client sends nothing yet.
func (p powerBI) client() (*powerbi.Client, error) {
	cloud, err := powerbi.CloudNamed(cmp.Or(*p.cloud, p.env.getenv("POWERBI_CLOUD")))
	if err != nil {
		return nil, usageError{errors.New("-cloud must be public, usgov, usgovhigh, usgovmil or china")}
	}
	var credential azcore.TokenCredential
	if *p.browser {
		credential, err = azidentity.NewInteractiveBrowserCredential(nil)
	} else {
		credential, err = azidentity.NewAzureCLICredential(nil)
	}
	if err != nil {
		return nil, err
	}
	return powerbi.NewClient(credential, powerbi.Options{Cloud: cloud, Version: version})
}

func workspaces(ctx context.Context, args []string, env environment) error {
	return listing(ctx, "workspaces", 0, args, env, func(c *powerbi.Client, _ []string, s lookup.Show) error { return lookup.Workspaces(ctx, c, s) })
}

func models(ctx context.Context, args []string, env environment) error {
	return listing(ctx, "models", 1, args, env, func(c *powerbi.Client, ids []string, s lookup.Show) error { return lookup.Models(ctx, c, ids[0], s) })
}

func users(ctx context.Context, args []string, env environment) error {
	return listing(ctx, "users", 1, args, env, func(c *powerbi.Client, ids []string, s lookup.Show) error { return lookup.Users(ctx, c, ids[0], s) })
}

// listing is a command that takes so many ids and prints a list.
func listing(_ context.Context, name string, ids int, args []string, env environment, show func(*powerbi.Client, []string, lookup.Show) error) error {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	p := powerBIFlags(fs, env)
	asJSON := fs.Bool("json", false, "print the list as JSON")
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	if len(rest) != ids {
		return usageError{errors.New("usage: pbirefresh " + synopsis(name))}
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	return show(c, rest, lookup.Show{Out: env.stdout, JSON: *asJSON})
}

// grantRole is "workspace grant WORKSPACE_ID PRINCIPAL_ID [ROLE]".
func grantRole(ctx context.Context, args []string, env environment) error {
	grant := len(args) > 0 && args[0] == "grant"
	if grant {
		args = args[1:]
	}
	fs := flag.NewFlagSet("workspace grant", flag.ContinueOnError)
	p := powerBIFlags(fs, env)
	kind := fs.String("type", "App", "App, Group or User")
	yes := fs.Bool("yes", false, "do not ask")
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	if !grant || len(rest) != 2 && len(rest) != 3 {
		return usageError{errors.New("usage: pbirefresh " + synopsis("workspace grant"))}
	}
	g, err := lookup.Grant{WorkspaceID: rest[0], Principal: rest[1], Role: first(rest, 2), Kind: *kind, Yes: *yes}.Complete()
	if err != nil {
		return usageError{err}
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	return g.Run(ctx, c, env.input(), env.stderr)
}

// input is standard input; a test's environment may have none.
func (e environment) input() io.Reader {
	if e.stdin == nil {
		return eof{}
	}
	return e.stdin
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
