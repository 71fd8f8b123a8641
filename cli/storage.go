package cli

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"pbirefresh/lease/bloblease"
)

// storageFlags are where the state storage is.
type storageFlags struct{ endpoint, container string }

func (f *storageFlags) add(cmd *cobra.Command, containers string) {
	cmd.Flags().StringVar(&f.endpoint, "storage", "", "blob `endpoint` of the state (default: $STATE_STORAGE__blobServiceUri, else the connection string in $STATE_STORAGE)")
	cmd.Flags().StringVar(&f.container, "container", "", "`name` of the container (default: $"+containers+", else pbirefresh)")
}

// open opens a container as the person who is signed in (az login, or any other way of
// the Azure SDK's default credential). container is the default name, if it is set.
func (f *storageFlags) open(env Environment, container string) (*bloblease.Store, error) {
	o := bloblease.Options{
		ServiceURL: strings.TrimRight(cmp.Or(f.endpoint, env.Getenv("STATE_STORAGE__blobServiceUri")), "/"),
		Container:  cmp.Or(f.container, container, env.Getenv("STATE_CONTAINER"), "pbirefresh"),
	}
	if o.ServiceURL == "" {
		o.ConnectionString = env.Getenv("STATE_STORAGE")
		if o.ConnectionString == "" || o.ConnectionString == "memory" {
			return nil, usagef("the state storage is missing: pass --storage https://ACCOUNT.blob.core.windows.net, or set STATE_STORAGE__blobServiceUri or STATE_STORAGE (a state in memory cannot be read)")
		}
		return bloblease.New(o)
	}
	credential, err := env.Credential()
	if err != nil {
		return nil, signInFirst(err)
	}
	o.Credential = credential
	store, err := bloblease.New(o)
	if err != nil && f.endpoint != "" {
		return nil, usagef("--storage %q: %w", f.endpoint, err)
	}
	return store, err
}
