package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
)

// operationArgs is the help about how an operation is named.
const operationArgs = "An operation is named by its id, which needs the function key, or by its status URL.\n" +
	"The URL grants access: give - to read it from standard input, which keeps it out of the history of the shell."

func statusCommand(env Environment) *cobra.Command {
	return operationCommand(env, "status ID|STATUS_URL", "Show one operation: its state, attempts and error", false,
		func(ctx context.Context, a app, address string, out output) error {
			doc, _, err := a.Status(ctx, address)
			if err != nil {
				return a.explain(err)
			}
			if err := out.print(doc); err != nil || !doc.Status.Terminal() {
				return err
			}
			return ended(doc)
		})
}

func watchCommand(env Environment) *cobra.Command {
	return operationCommand(env, "watch ID|STATUS_URL", "Wait for the end of an operation", true,
		func(ctx context.Context, a app, address string, out output) error { return out.follow(ctx, a, address) })
}

func operationCommand(env Environment, use, short string, waits bool, run func(context.Context, app, string, output) error) *cobra.Command {
	c, out := connection{env: env}, output{env: env}
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		Long: short + ".\n\n" + operationArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, address, err := c.operation(args[0])
			if err != nil {
				return err
			}
			return run(cmd.Context(), a, address, out)
		},
	}
	c.add(cmd)
	out.add(cmd)
	if waits {
		out.maxWaitFlag(cmd)
	}
	return cmd
}

// operation returns the address of the operation that an argument names, and its app. A
// status URL says itself where the app is.
func (c *connection) operation(argument string) (app, string, error) {
	if argument == "-" {
		if c.keyStdin {
			return app{}, "", usagef("standard input is either the key (--key-stdin) or the status URL (-), not both")
		}
		text, err := readSecret(c.env.Stdin)
		if err != nil {
			return app{}, "", usagef("standard input has no status URL")
		}
		argument = text
	}
	if !isURL(argument) {
		a, err := c.open(nil)
		if err != nil {
			return a, "", err
		}
		return a, a.BaseURL + "/api/operations/" + url.PathEscape(argument), nil
	}
	a, err := c.open(nil)
	if errors.As(err, new(codedError)) { // no app is set up: the URL is enough
		return app{Client: &handler.Client{}, from: ""}, argument, nil
	}
	return a, argument, err
}

func cancelCommand(env Environment) *cobra.Command {
	c, out := connection{env: env}, output{env: env}
	forAll := false
	cmd := &cobra.Command{
		Use: "cancel STATUS_URL | cancel --for-all ID", Short: "Cancel an operation, or your share of it", Args: cobra.ExactArgs(1),
		Long: "Cancel an operation, or your share of it: the status URL says which share, and the function key is needed as well.\n" +
			"Give - to read the URL from standard input.\n\n" +
			"--for-all cancels it for every caller. The policy must grant the caller cancel-all, or the key must be the master key.",
		Example: "  pbirefresh cancel - < status-url.txt\n  pbirefresh cancel --for-all ID",
		RunE: func(cmd *cobra.Command, args []string) error {
			a, address, err := c.operation(args[0])
			if err != nil {
				return err
			}
			if a.BaseURL == "" {
				_, err := c.open(nil)
				return err
			}
			doc, err := cancelled(cmd.Context(), a, address, forAll)
			if err != nil {
				return a.explain(err)
			}
			return out.print(doc)
		},
	}
	cmd.Flags().BoolVar(&forAll, "for-all", false, "cancel it for every caller who shares it")
	c.add(cmd)
	out.add(cmd)
	return cmd
}

// cancelled cancels an operation. For all callers, the right of the policy is tried
// first, then the master key.
func cancelled(ctx context.Context, a app, address string, forAll bool) (handler.StatusDocument, error) {
	id := path.Base(strings.SplitN(address, "?", 2)[0])
	if !forAll {
		if !strings.Contains(address, "sig=") {
			return handler.StatusDocument{}, usagef("%s is no status URL: your share is named by the sig in it; --for-all takes an id", withoutSignatures(address))
		}
		return a.Cancel(ctx, address)
	}
	doc, refused := a.CancelForAll(ctx, id)
	var e *handler.Error
	if !errors.As(refused, &e) || e.Status != http.StatusForbidden {
		return doc, refused
	}
	doc, err := a.CancelAll(ctx, id)
	if errors.As(err, &e) && e.Status == http.StatusUnauthorized {
		return doc, fmt.Errorf("%w; without that right, --for-all needs the master key of the app", refused)
	}
	return doc, err
}
