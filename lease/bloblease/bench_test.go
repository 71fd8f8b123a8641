package bloblease

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"pbirefresh/lease"
	"pbirefresh/local/azurite"
)

// BenchmarkSection is what one step of a model costs at the storage: acquire and read,
// write, release; each time another model, as many at once as there are processors. It
// runs on Azurite, which is one process on the same machine: the ratio to a plain
// write says more than the time.
func BenchmarkSection(b *testing.B) {
	store := benchStore(b)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		name := fmt.Sprintf("model-%d", n.Add(1))
		if _, err := store.Create(context.Background(), name, []byte("{}"), nil); err != nil {
			b.Error(err)
			return
		}
		for pb.Next() {
			s, err := lease.Enter(context.Background(), store, name)
			if err == nil {
				err = s.Commit(context.Background(), make([]byte, 4<<10), nil, func([]byte) bool { return false })
				s.Close(context.Background())
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkCreate is one plain write, to compare with.
func BenchmarkCreate(b *testing.B) {
	store := benchStore(b)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := store.Create(context.Background(), fmt.Sprintf("doc-%d", n.Add(1)), make([]byte, 4<<10), nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func benchStore(b *testing.B) *Store {
	b.Helper()
	client := newHTTPClient()
	b.Cleanup(client.CloseIdleConnections)
	store, err := New(Options{ConnectionString: azurite.Shared(b).ConnectionString(), Container: azurite.NewContainer(), Transport: client})
	if err != nil {
		b.Fatal(err)
	}
	// The first write makes the container as well.
	if _, err := store.Create(context.Background(), "first", []byte("{}"), nil); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	return store
}
