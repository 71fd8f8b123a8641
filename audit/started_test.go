package audit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
)

// unreadable is a store that is away for readers.
type unreadable struct{ *slow }

func (unreadable) Read(context.Context, string) (lease.Document, error) {
	return lease.Document{}, errors.New("away")
}

// A refresh that one process started is known to it at once, and to others by its record.
func TestStartedRefreshes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newSlow()
		r := Refresh{"f089354e-8366-4e18-aea3-4cb4a3a50b48", "cfafbeb1-8037-4d0c-896e-a46fb27ff229", "B5F5D8E8-0F21-4C3F-9C5A-0123456789AB"}
		want := func(when string, trail *Trail, r Refresh, want, fails bool) {
			t.Helper()
			if got, err := trail.HasStarted(t.Context(), r); got != want || (err != nil) != fails {
				t.Errorf("%s: HasStarted(%v) = %t, %v, want %t, an error %t", when, r, got, err, want, fails)
			}
		}
		store.delay = time.Second
		one, two := New(store, nil, nil), New(store, nil, nil)
		want("before", two, r, false, false)
		one.Started(r)
		want("while it is written", one, r, true, false)
		want("while it is written", two, r, false, false)
		time.Sleep(2 * time.Second)
		want("written", two, r, true, false)
		other := r
		other.DatasetID = r.WorkspaceID
		want("of another model", two, other, false, false)
		want("the name of another document", two, Refresh{r.WorkspaceID, r.DatasetID, "../../../keys/status"}, false, true)
		want("away", New(unreadable{store}, nil, nil), r, false, true)

		store.fail = func(int) (bool, error) { return false, errors.New("away") }
		other = r
		other.RefreshID = r.DatasetID
		one.Started(other)
		time.Sleep(writeLimit)
		synctest.Wait()
		want("not written", one, other, true, false)
		want("not written", two, other, false, false)
	})
}
