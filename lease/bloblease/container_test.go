package bloblease

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/local/azurite"
)

// TestMissingContainer: without a container each operation answers as without a
// document, and the first Create makes the container.
func TestMissingContainer(t *testing.T) {
	t.Parallel()
	store, transport := openAzurite(t)
	for op, want := range map[leasetest.Op]error{
		leasetest.OpRead: lease.ErrNotFound, leasetest.OpAcquire: lease.ErrNotFound, leasetest.OpWrite: lease.ErrLost,
		leasetest.OpRelease: nil, leasetest.OpList: nil,
	} {
		transport.Reset()
		if err := operations[op](t.Context(), store); !comesTo(err, want) {
			t.Errorf("%s: %v, want %v", op, err, want)
		}
		if sent := transport.Sent(); len(sent) != 1 {
			t.Errorf("%s: requests %v, want one", op, sent)
		}
	}
	transport.Reset()
	if _, err := store.Create(t.Context(), "a", []byte("one"), nil); err != nil {
		t.Fatalf("Create: %v", err)
	}
	if sent := transport.Sent(); !slices.Equal(sent, []string{"PUT", "PUT restype=container", "PUT"}) {
		t.Errorf("Create: requests %v", sent)
	}
	if page, err := store.List(t.Context(), "", "", 10); err != nil || len(page.Entries) != 1 {
		t.Errorf("List: %+v, %v", page, err)
	}
}

func TestPingMakesContainer(t *testing.T) {
	t.Parallel()
	store, transport := openAzurite(t)
	for _, want := range [][]string{{"PUT release", "PUT restype=container"}, {"PUT release"}} {
		transport.Reset()
		if err := store.Ping(t.Context()); err != nil {
			t.Fatalf("Ping: %v", err)
		}
		if sent := transport.Sent(); !slices.Equal(sent, want) {
			t.Errorf("Ping: requests %v, want %v", sent, want)
		}
	}
}

// TestManyFirstCreators: instances that start together all find the container missing.
func TestManyFirstCreators(t *testing.T) {
	t.Parallel()
	name := azurite.NewContainer()
	var errs [6]error
	var wg sync.WaitGroup
	for i := range errs {
		store, _ := openContainer(t, name)
		wg.Go(func() { _, errs[i] = store.Create(t.Context(), "a", []byte("one"), nil) })
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, lease.ErrExists) {
			t.Errorf("Create: %v", err)
		}
	}
	if made != 1 {
		t.Errorf("%d creators succeeded, want one", made)
	}
}

// TestContainerAnswers: what the creation of the container can be answered.
func TestContainerAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		container doer
		create    error // outcome of Create
		ping      error // outcome of Ping
	}{
		{"made", always(201, ""), nil, nil},
		{"made by another", always(409, "ContainerAlreadyExists"), nil, nil},
		{"going away", always(409, "ContainerBeingDeleted"), errNotDone, errNotDone},
		{"forbidden", always(403, "AuthorizationPermissionMismatch"), errNotDone, errNotDone},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			there := false
			store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
				switch {
				case req.URL.Query().Get("restype") == "container":
					there = true
					return row.container(req)
				case there:
					return reply(req, 201, "", ""), nil
				}
				return reply(req, 404, codeContainerMissing, ""), nil
			})
			if err := operations[leasetest.OpCreate](t.Context(), store); !comesTo(err, row.create) {
				t.Errorf("Create: %v, want %v", err, row.create)
			}
			there = false
			if err := store.Ping(t.Context()); !comesTo(err, row.ping) {
				t.Errorf("Ping: %v, want %v", err, row.ping)
			}
		})
	}
}

// TestContainerVanishesTwice: Create does not try for ever.
func TestContainerVanishesTwice(t *testing.T) {
	t.Parallel()
	store, transport := openStub(t, func(req *http.Request) (*http.Response, error) {
		if req.URL.Query().Get("restype") == "container" {
			return reply(req, 201, "", ""), nil
		}
		return reply(req, 404, codeContainerMissing, ""), nil
	})
	err := operations[leasetest.OpCreate](t.Context(), store)
	if !comesTo(err, errNotDone) || len(transport.Sent()) != 3 {
		t.Fatalf("%v after %v", err, transport.Sent())
	}
}
