package powerbi

import (
	"context"
	"strings"
	"sync"
	"time"
)

// maxWorkspaces bounds the cache: far more than one service principal manages.
const maxWorkspaces = 1000

// Workspaces caches workspaces: each refresh needs theirs, and they change capacity
// rarely. It caches no errors. It may be used concurrently; callers that miss at the
// same time each read.
type Workspaces struct {
	read func(ctx context.Context, id string) (Workspace, error)
	ttl  time.Duration

	mu    sync.Mutex
	known map[string]remembered
}

type remembered struct {
	workspace Workspace
	until     time.Time
}

// NewWorkspaces returns an empty cache. read is normally [Client.Workspace]; ttl is
// how long a cached workspace is used.
func NewWorkspaces(read func(ctx context.Context, id string) (Workspace, error), ttl time.Duration) *Workspaces {
	return &Workspaces{read: read, ttl: ttl, known: map[string]remembered{}}
}

// Get returns the workspace, from the cache if it was read within the ttl or if Power BI
// throttles such reads: throttled reads must not prevent a refresh, and an older value is
// nearly always still correct.
func (w *Workspaces) Get(ctx context.Context, id string) (Workspace, error) {
	w.mu.Lock()
	r, ok := w.known[strings.ToLower(id)]
	w.mu.Unlock()
	if ok && time.Now().Before(r.until) {
		return r.workspace, nil
	}
	ws, err := w.Fresh(ctx, id)
	if ok && (HasCode(err, CodeThrottled) || HasCode(err, CodeCapacityThrottled)) {
		return r.workspace, nil
	}
	return ws, err
}

// Fresh reads the workspace now, and caches it. Use it before a decision that
// cannot wait for the ttl, such as falling back to a standard refresh.
func (w *Workspaces) Fresh(ctx context.Context, id string) (Workspace, error) {
	ws, err := w.read(ctx, id)
	if err != nil {
		return Workspace{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.known) >= maxWorkspaces {
		clear(w.known) // simpler than choosing, and as good at this size
	}
	w.known[strings.ToLower(id)] = remembered{ws, time.Now().Add(w.ttl)}
	return ws, nil
}
