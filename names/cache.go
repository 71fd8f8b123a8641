package names

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"pbirefresh/internal/foreign"
	"pbirefresh/powerbi"
)

const (
	freshFor      = time.Hour              // names are read again after it
	retryAfter    = 5 * time.Minute        // after a failed read, or for a model that the list did not have
	patience      = 500 * time.Millisecond // of a caller who asks for names that were never read
	readLimit     = 30 * time.Second       // of one read
	lanes         = 2                      // reads at once: refreshes need Power BI more than names
	maxReading    = 100                    // workspaces that wait to be read
	maxWorkspaces = 1000
	maxModels     = 50_000
	maxName       = 256 // characters of a name
)

// Source is Power BI; [*powerbi.Client] is one.
type Source interface {
	Workspace(ctx context.Context, id string) (powerbi.Workspace, error)
	ListModels(ctx context.Context, workspaceID string) ([]powerbi.Model, error)
}

// Cache keeps names. It may be used concurrently.
type Cache struct {
	source Source
	log    *slog.Logger
	lane   chan struct{}

	mu      sync.Mutex
	known   map[string]workspace     // by id in lower case
	reading map[string]chan struct{} // closed at the end of the read
	models  int                      // in known
}

// workspace is what the reads of a workspace returned. It never changes.
type workspace struct {
	name   string
	models map[string]string // by id in lower case
	read   time.Time         // when the read ended
	failed bool              // the names are those of an earlier read, or missing
}

// New returns an empty cache.
func New(source Source, log *slog.Logger) *Cache {
	return &Cache{source: source, log: log, lane: make(chan struct{}, lanes),
		known: map[string]workspace{}, reading: map[string]chan struct{}{}}
}

// Names returns the names of a workspace and a model, each empty if it is unknown. It waits
// for the first read of a workspace, half a second at most and no longer than ctx lasts.
func (c *Cache) Names(ctx context.Context, workspaceID, modelID string) (workspace, model string) {
	w, reading := c.lookup(workspaceID, modelID)
	if reading != nil && w.read.IsZero() {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		select {
		case <-reading:
			w, _ = c.lookup(workspaceID, modelID)
		case <-ctx.Done():
		}
	}
	return w.name, w.models[strings.ToLower(modelID)]
}

// lookup returns what is known of a workspace and the read that is under way. It begins one
// if the names are old or the model's is missing.
func (c *Cache) lookup(workspaceID, modelID string) (workspace, chan struct{}) {
	id := strings.ToLower(workspaceID)
	c.mu.Lock()
	defer c.mu.Unlock()
	w, reading := c.known[id], c.reading[id]
	if reading == nil && len(c.reading) < maxReading && w.due(strings.ToLower(modelID), time.Now()) {
		reading = make(chan struct{})
		c.reading[id] = reading
		go c.read(id, reading)
	}
	return w, reading
}

// due reports whether a workspace is to be read.
func (w workspace) due(model string, now time.Time) bool {
	_, listed := w.models[model]
	age := now.Sub(w.read)
	return age >= freshFor || age >= retryAfter && (w.failed || !listed)
}

// read reads a workspace and keeps the result. Names that a failed read lacks stay.
func (c *Cache) read(id string, done chan struct{}) {
	c.lane <- struct{}{}
	defer func() { <-c.lane }()
	got, err := c.ask(id)
	if err != nil {
		c.log.Info("the names of a workspace and its models were not read; they are read again in a few minutes", "workspace", id, "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(id, got.orEarlier(c.known[id]), time.Now())
	delete(c.reading, id)
	close(done)
}

// ask reads both parts, also if the first fails: a principal may lack the right to one. It
// turns a panic into an error: no caller's recover covers this goroutine.
func (c *Cache) ask(id string) (w workspace, err error) {
	defer func() {
		if p := recover(); p != nil {
			w, err = workspace{failed: true}, fmt.Errorf("names: panic: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	ws, ofWorkspace := c.source.Workspace(ctx, id)
	models, ofModels := c.source.ListModels(ctx, id)
	w.name = foreign.Masked(ws.Name, maxName)
	if ofModels == nil {
		w.models = namesOf(models)
	}
	err = errors.Join(ofWorkspace, ofModels)
	w.failed = err != nil
	return w, err
}

func namesOf(models []powerbi.Model) map[string]string {
	names := make(map[string]string, min(len(models), maxModels))
	for _, m := range models[:min(len(models), maxModels)] {
		names[strings.ToLower(m.ID)] = foreign.Masked(m.Name, maxName)
	}
	return names
}

// orEarlier fills what a failed read lacks with what was known before.
func (w workspace) orEarlier(old workspace) workspace {
	if w.failed && w.name == "" {
		w.name = old.name
	}
	if w.failed && w.models == nil {
		w.models = old.models
	}
	return w
}

// keep puts a workspace into the cache. A full cache is emptied before: it is filled again
// by what is asked for now.
func (c *Cache) keep(id string, w workspace, now time.Time) {
	c.models += len(w.models) - len(c.known[id].models)
	if delete(c.known, id); len(c.known) >= maxWorkspaces || c.models > maxModels {
		clear(c.known)
		c.models = len(w.models)
	}
	w.read = now
	c.known[id] = w
}
