package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh"
)

// keysCommand does what there is to do with the keys that sign status URLs.
func keysCommand(ctx context.Context, args []string, env environment) error {
	if len(args) > 0 && args[0] == "rotate" {
		return rotateKeys(ctx, args[1:], env)
	}
	if _, err := parse(flag.NewFlagSet("keys", flag.ContinueOnError), args, env); err != nil {
		return err
	}
	return usageError{errors.New("usage: pbirefresh keys rotate [options]")}
}

func rotateKeys(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("keys rotate", flag.ContinueOnError)
	force := fs.Bool("force", false, "also while URLs of the oldest key are still good: they end now, such as after a leak")
	life := fs.Duration("lifetime", refresh.DefaultLinkLife, "the app's STATUS_URL_LIFETIME")
	endpoint := fs.String("storage", "", "blob endpoint of the state; default: $STATE_STORAGE__blobServiceUri, else the connection string in $STATE_STORAGE")
	container := fs.String("container", "", "default: $STATE_CONTAINER, else pbirefresh")
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError{fmt.Errorf("%q is no option of keys rotate", rest[0])}
	}
	store, err := stateStore(*endpoint, *container, env)
	if err != nil {
		return err
	}
	return rotate(ctx, store, *life, *force, env)
}

func rotate(ctx context.Context, store lease.Store, life time.Duration, force bool, env environment) error {
	done, err := refresh.RotateStatusKey(ctx, store, life, force)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "version %d of the status key signs from %s; URLs of the version before are good until %s at the latest\n",
		done.Version, done.SignsFrom.UTC().Format(time.RFC3339), done.OldUntil.UTC().Format(time.RFC3339))
	return nil
}
