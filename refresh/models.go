package refresh

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"pbirefresh/refresh/machine"
)

// ModelQuery selects models that have a state document. An empty id selects all.
type ModelQuery struct {
	WorkspaceID, DatasetID string
	Cursor                 string // of an earlier page
	Limit                  int    // documents to read
}

// ModelPage is one page of models, in the order of their ids.
type ModelPage struct {
	Models []ModelState
	Next   string // cursor; empty on the last page
}

// ModelState is the state of one model.
type ModelState struct {
	Model machine.Model
	State *machine.State // nil: the document cannot be read
	Date  time.Time      // the storage service's clock when it was read
}

// modelLanes is how many documents a page reads at a time.
const modelLanes = 16

// Models reads the state of models, with one listing and at most Limit reads. A page may
// have fewer models, even none, and not be the last.
func (c *Coordinator) Models(ctx context.Context, q ModelQuery) (ModelPage, error) {
	prefix := statePrefix
	if q.WorkspaceID != "" {
		prefix += strings.ToLower(q.WorkspaceID) + "/" + strings.ToLower(q.DatasetID)
	}
	list, err := c.cfg.Store.List(ctx, prefix, q.Cursor, q.Limit)
	if err != nil {
		return ModelPage{}, unavailable(err)
	}
	page := ModelPage{Next: list.Next}
	for _, e := range list.Entries {
		if m, ok := modelOf(e.Name); ok && (q.DatasetID == "" || strings.EqualFold(q.DatasetID, m.DatasetID)) {
			page.Models = append(page.Models, ModelState{Model: m})
		}
	}
	var running errgroup.Group
	running.SetLimit(modelLanes)
	for i := range page.Models {
		running.Go(func() error {
			c.readModel(ctx, &page.Models[i])
			return nil
		})
	}
	_ = running.Wait() // each model has its own result
	return page, nil
}

// readModel reads one document. A panic in a document of another version must not end the
// process.
func (c *Coordinator) readModel(ctx context.Context, m *ModelState) {
	defer func() {
		if p := recover(); p != nil {
			c.cfg.Logger.Error("panic", "cause", p)
		}
	}()
	doc, err := c.cfg.Store.Read(ctx, StateName(m.Model))
	if err != nil {
		return
	}
	if state, err := machine.DecodeOf(m.Model, doc.Body); err == nil {
		m.State, m.Date = &state, doc.Date
	}
}
