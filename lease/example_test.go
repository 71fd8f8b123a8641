package lease_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"pbirefresh/lease"
)

// A section holds the lease of a document, and writes it only if no other writer did.
func ExampleSection() {
	ctx := context.Background()
	store := lease.NewMemory()
	if _, err := store.Create(ctx, "models/sales.json", []byte(`{}`), nil); err != nil {
		panic(err)
	}
	section, err := lease.Enter(ctx, store, "models/sales.json")
	if err != nil {
		panic(err)
	}
	defer section.Close(ctx)

	next := []byte(`{"owner":"this write"}`)
	ours := func(body []byte) bool { return bytes.Equal(body, next) } // resolves a write without an answer
	if err := section.Commit(ctx, next, lease.Meta{"due": "never"}, ours); err != nil {
		panic(err)
	}
	document, err := store.Read(ctx, "models/sales.json")
	fmt.Println(string(document.Body), document.Meta["due"], err)
	// Output: {"owner":"this write"} never <nil>
}

// Memory is a store for tests and for development.
func ExampleMemory() {
	_, err := lease.NewMemory().Read(context.Background(), "models/sales.json")
	fmt.Println(errors.Is(err, lease.ErrNotFound))
	// Output: true
}
