package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
)

// follow shows the progress of an operation, prints its end, and fails if it failed.
func (o output) follow(ctx context.Context, a app, statusURL string) error {
	if o.maxWait > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, o.maxWait, errMaxWait)
		defer stop()
	}
	p := newProgress(o)
	doc, err := a.Watch(ctx, statusURL, p.show)
	p.end()
	switch {
	case errors.Is(context.Cause(ctx), errMaxWait):
		return codedError{fmt.Errorf("the operation has not ended after %s (--max-wait); it continues: pbirefresh watch %s", o.maxWait, doc.ID), exitTimeout}
	case errors.Is(err, context.Canceled):
		return codedError{errors.New("interrupted; the refresh continues"), exitInterrupted}
	case err != nil:
		return a.explain(err)
	}
	if err := o.print(doc); err != nil {
		return err
	}
	return ended(doc)
}

var errMaxWait = errors.New("--max-wait is over")

// maxWaitFlag adds --max-wait.
func (o *output) maxWaitFlag(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&o.maxWait, "max-wait", 0, "stop waiting after this `time`; the refresh continues (default: wait for the end)")
}

// Watch shows the progress of an operation to its end on standard error.
func Watch(ctx context.Context, c *handler.Client, statusURL string, env Environment) (handler.StatusDocument, error) {
	p := newProgress(output{env: env})
	defer p.end()
	return c.Watch(ctx, statusURL, p.show)
}
