package bloblease

import (
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/local/azurite"
)

func TestConforms(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) lease.Store {
		store, _ := openAzurite(t)
		return store
	}
	leasetest.Run(t, open, leasetest.Options{Grace: 10 * time.Second})
}

// openAzurite returns a store in a container of its own, with the transport in
// between.
func openAzurite(t *testing.T) (*Store, *leasetest.Transport) {
	t.Helper()
	return openContainer(t, azurite.NewContainer())
}

func openContainer(t *testing.T, name string) (*Store, *leasetest.Transport) {
	t.Helper()
	client := newHTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	transport := leasetest.NewTransport(client)
	store, err := New(Options{
		ConnectionString: azurite.Shared(t).ConnectionString(),
		Container:        name,
		Transport:        transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store, transport
}
