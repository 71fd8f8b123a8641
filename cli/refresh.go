package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
)

func refreshCommand(env Environment) *cobra.Command {
	c, out, r := connection{env: env}, output{env: env}, request{env: env}
	detach := false
	cmd := &cobra.Command{
		Use: "refresh [WORKSPACE_ID DATASET_ID]", Short: "Request a refresh and wait for its end",
		Long: "Request a refresh and wait for its end. Ctrl-C ends the waiting, not the refresh.\n" +
			"The app checks the values of the flags, and names each wrong one.",
		SuggestFor: []string{"trigger", "start", "run"},
		Example: "  pbirefresh refresh 11111111-2222-3333-4444-555555555555 66666666-7777-8888-9999-000000000000\n" +
			"  pbirefresh refresh WORKSPACE_ID DATASET_ID --table Sales --partition Stock/2026 --type full\n" +
			"  pbirefresh refresh -f body.json --when-busy reject --output json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 || len(args) == 0 && r.file != "" {
				return nil
			}
			return errors.New("WORKSPACE_ID and DATASET_ID are missing (GUIDs), or -f FILE")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.keyStdin && r.file == "-" {
				return Usage(errStdinTwice)
			}
			body, err := r.body(cmd, args)
			if err != nil {
				return err
			}
			a, err := c.open(r.header(cmd))
			if err != nil {
				return err
			}
			return send(cmd.Context(), a, func(ctx context.Context) (handler.StatusDocument, error) { return a.Trigger(ctx, body) }, detach, out)
		},
	}
	r.add(cmd)
	out.maxWaitFlag(cmd)
	cmd.Flags().BoolVar(&detach, "detach", false, "print the operation and return at once")
	c.add(cmd)
	out.add(cmd)
	return cmd
}

// send sends a request, and follows the operation unless detach is set.
func send(ctx context.Context, a app, request func(context.Context) (handler.StatusDocument, error), detach bool, out output) error {
	doc, err := request(ctx)
	if err != nil {
		printProblems(out.env.Stderr, err)
		return a.explain(err)
	}
	for _, w := range doc.Warnings {
		fmt.Fprintln(out.env.Stderr, "warning:", printable(w.Message))
	}
	if detach {
		return out.print(doc)
	}
	out.talk("operation %s\n", doc.ID)
	return out.follow(ctx, a, doc.StatusURL)
}

// printProblems prints each of several problems of a request.
func printProblems(w io.Writer, err error) {
	var e *handler.Error
	if !errors.As(err, &e) || len(e.Details) < 2 {
		return
	}
	for _, d := range e.Details {
		fmt.Fprintln(w, printable(d.Message))
	}
}
