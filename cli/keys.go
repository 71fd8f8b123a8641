package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/lease"
	"pbirefresh/refresh"
)

// keysCommand is about the keys that sign status URLs.
func keysCommand(env Environment) *cobra.Command {
	return group("keys", "Rotate the key that signs status URLs", rotateCommand(env))
}

func rotateCommand(env Environment) *cobra.Command {
	var storage storageFlags
	var life time.Duration
	force := false
	cmd := &cobra.Command{
		Use: "rotate", Short: "Add a version of the key that signs status URLs", Args: cobra.NoArgs,
		Example: "  pbirefresh keys rotate --storage https://ACCOUNT.blob.core.windows.net",
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := storage.open(env, "")
			if err != nil {
				return err
			}
			return rotate(cmd.Context(), store, life, force, env)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also while URLs of the oldest key are valid: they end now, for example after a leak")
	cmd.Flags().DurationVar(&life, "lifetime", refresh.DefaultLinkLife, "the app's STATUS_URL_LIFETIME")
	storage.add(cmd, "STATE_CONTAINER")
	return cmd
}

func rotate(ctx context.Context, store lease.Store, life time.Duration, force bool, env Environment) error {
	done, err := refresh.RotateStatusKey(ctx, store, life, force)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "version %d of the status key signs from %s; URLs of the version before are good until %s at the latest\n",
		done.Version, done.SignsFrom.UTC().Format(time.RFC3339), done.OldUntil.UTC().Format(time.RFC3339))
	return nil
}
