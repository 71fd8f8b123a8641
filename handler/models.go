package handler

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"pbirefresh/access"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Models reads the state of models; [*refresh.Coordinator] does.
type Models interface {
	Models(ctx context.Context, q refresh.ModelQuery) (refresh.ModelPage, error)
}

// maxModels is how many models a page may have: each costs a read.
const maxModels = 200

// models: GET /api/models.
func (s *server) models(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	p := newParameters(r.URL.Query())
	q := refresh.ModelQuery{WorkspaceID: p.guid("workspaceId"), DatasetID: p.guid("datasetId"), Limit: p.integer(sizeParameter, defaultSize, 1, maxModels)}
	cursor, err := base64.RawURLEncoding.DecodeString(p.text(tokenParameter))
	if q.Cursor = string(cursor); err != nil {
		p.report(tokenParameter, "is not of this list: use the nextLink as it is")
	}
	if err := p.done(); err != nil {
		return err
	}
	form, err := listForm(r.Header)
	if err != nil {
		return err
	}
	page, err := s.Models.Models(r.Context(), q)
	if err != nil {
		return err
	}
	next := ""
	if page.Next != "" {
		next = s.base(r) + "/api/models?" + p.next(base64.RawURLEncoding.EncodeToString([]byte(page.Next)))
	}
	return writeList(w, form, s.modelEntries(r.Context(), caller, page), next)
}

// modelEntries makes the entries of the models that the caller may read.
func (s *server) modelEntries(ctx context.Context, caller access.Caller, page refresh.ModelPage) []ModelEntry {
	next := s.nextStarts(ctx)
	ctx, cancel := context.WithTimeout(ctx, namesLimit)
	defer cancel()
	entries := []ModelEntry{}
	for _, m := range page.Models {
		if !s.guard.Gate.Permits(caller, access.Read, m.Model.WorkspaceID, m.Model.DatasetID) {
			continue
		}
		e := modelEntry(m)
		e.WorkspaceName, e.ModelName = s.names(ctx, m.Model)
		e.NextStart, e.Schedule = sec(next[m.Model].at), next[m.Model].schedule
		entries = append(entries, e)
	}
	return entries
}

// start is when a schedule refreshes a model next.
type start struct {
	at       time.Time
	schedule string
}

// nextStarts returns the next start of each model that a schedule refreshes; none if the
// schedules cannot be read.
func (s *server) nextStarts(ctx context.Context) map[machine.Model]start {
	next := map[machine.Model]start{}
	if s.Schedules == nil {
		return next
	}
	l, err := s.Schedules.List(ctx)
	if err != nil {
		s.log.Warn("the schedules were not read; the list of models has no next starts", "error", err)
	}
	for _, e := range l.Entries {
		for _, t := range e.Targets {
			if at, known := next[t.Model]; e.Entry.Enabled && !t.Start.IsZero() && (!known || t.Start.Before(at.at)) {
				next[t.Model] = start{t.Start, e.Entry.Name}
			}
		}
	}
	return next
}
