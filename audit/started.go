package audit

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"pbirefresh/lease"
)

// Refresh names a refresh of Power BI.
type Refresh struct{ WorkspaceID, DatasetID, RefreshID string }

func (r Refresh) name() string {
	return prefix + "started/" + r.WorkspaceID + "/" + r.DatasetID + "/" + strings.ToLower(r.RefreshID) + ".json"
}

// starts are the refreshes that this process has started, at most [maxKnown] of them.
type starts struct {
	mu    sync.Mutex
	known map[Refresh]bool
}

func (s *starts) add(r Refresh) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxKnown {
		s.known = map[Refresh]bool{}
	}
	s.known[r] = true
}

func (s *starts) has(r Refresh) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[r]
}

// Started puts on record that this app has started a refresh. It returns at once. A
// failure is logged: other processes then do not find it.
func (t *Trail) Started(r Refresh) {
	t.starts.add(r)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
		defer cancel()
		body, err := encode([]Record{{Time: time.Now().UTC(), Event: Started, WorkspaceID: r.WorkspaceID, DatasetID: r.DatasetID}})
		if err == nil {
			err = t.create(ctx, r.name(), body)
		}
		if err != nil {
			t.log.Warn("the start of a refresh is not on record: only this process can cancel it", "refreshId", r.RefreshID, "error", err)
		}
	}()
}

// HasStarted reports whether this app has started a refresh: this process remembers it,
// or any process has put it on record.
func (t *Trail) HasStarted(ctx context.Context, r Refresh) (bool, error) {
	if t.starts.has(r) {
		return true, nil
	}
	_, err := t.store.Read(ctx, r.name())
	if errors.Is(err, lease.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
