package handler

import (
	"context"
	"errors"
	"net/http"
	"time"

	"pbirefresh/access"
	"pbirefresh/history"
	"pbirefresh/refresh/machine"
)

// History finds operations by time; [*history.Index] is one.
type History interface {
	Scan(ctx context.Context, q history.Query) *history.Scan
	Find(ctx context.Context, workspaceID, datasetID, id string, created time.Time) (history.Entry, error)
}

// listing is a request for a list of operations, read.
type listing struct {
	*parameters
	query  history.Query
	status machine.Status
	size   int
	form   string
}

func readListing(r *http.Request) (listing, error) {
	p := newParameters(r.URL.Query())
	l := listing{parameters: p, query: history.Query{
		WorkspaceID: p.guid("workspaceId"), DatasetID: p.guid("datasetId"), Since: p.instant("since"), Until: p.instant("until"),
		Caller: p.text("caller"), Label: p.exact("label"),
	}}
	l.status = machine.Status(p.word("status", string(machine.StatusNotStarted), string(machine.StatusRunning),
		string(machine.StatusSucceeded), string(machine.StatusFailed), string(machine.StatusCanceled)))
	l.size, l.query.Cursor = p.integer(sizeParameter, defaultSize, 1, maxSize), p.text(tokenParameter)
	if l.query.Until.After(time.Now()) {
		l.query.Until = time.Time{} // there is nothing to leave out
	}
	if err := p.done(); err != nil {
		return l, err
	}
	var err error
	l.form, err = listForm(r.Header)
	return l, err
}

// operations: GET /api/operations.
func (s *server) operations(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.guard.enter(r)
	if err != nil {
		return err
	}
	l, err := readListing(r)
	if err != nil {
		return err
	}
	if m := (machine.Model{WorkspaceID: l.query.WorkspaceID, DatasetID: l.query.DatasetID}); m.WorkspaceID != "" && m.DatasetID != "" {
		if err := s.guard.permit(r, caller, access.Read, m); err != nil {
			return err
		}
	}
	entries, token, err := s.page(r.Context(), caller, l)
	if err != nil {
		return err
	}
	next := ""
	if token != "" {
		next = s.base(r) + "/api/operations?" + l.next(token)
	}
	return writeList(w, l.form, entries, next)
}

// page reads one page, and the token of the next one.
func (s *server) page(ctx context.Context, caller access.Caller, l listing) ([]OperationEntry, string, error) {
	entries, open := []OperationEntry{}, 0
	scan := s.History.Scan(ctx, l.query)
	for len(entries) < l.size && open < maxLookups && scan.Next() {
		o := operationEntry(scan.Entry())
		ended := o.Status != statusUnknown
		if !s.guard.Gate.Permits(caller, access.Read, o.WorkspaceID, o.DatasetID) || ended && l.status != "" && o.Status != l.status {
			continue
		}
		if !ended {
			open++
		}
		entries = append(entries, o)
	}
	if err := scan.Err(); errors.Is(err, history.ErrCursor) {
		return nil, "", badRequest([]Detail{{Code: "InvalidValue", Target: tokenParameter, Message: "The continuationToken is not of this query. Use the nextLink as it is, or begin without a token."}})
	} else if err != nil {
		return nil, "", historyUnavailable(err)
	}
	s.current(ctx, entries)
	named, cancel := context.WithTimeout(ctx, namesLimit)
	defer cancel()
	kept := entries[:0]
	for _, o := range entries {
		if l.status == "" || o.Status == l.status {
			o.WorkspaceName, o.ModelName = s.names(named, o.model())
			kept = append(kept, o)
		}
	}
	return kept, scan.Cursor(), nil
}

func historyUnavailable(err error) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: machine.CodeUnavailable, RetryAfter: comeAgain, err: err,
		Message: "The state storage cannot be read now, so the operations cannot be listed. Send the request again. GET /api/health/ready names the cause."}
}

// current reads how the operations stand that have no end on record. If that fails, their
// status stays unknown.
func (s *server) current(ctx context.Context, entries []OperationEntry) {
	var ids []string
	for _, o := range entries {
		if o.Status == statusUnknown {
			ids = append(ids, o.ID)
		}
	}
	found := s.receipts(ctx, ids)
	for i := range entries {
		if receipt, ok := found[entries[i].ID]; ok {
			entries[i].update(receipt.View)
		}
	}
}

// about adds to a document what the index and the names have of the operation. The document
// stands also if they cannot be read.
func (s *server) about(ctx context.Context, d *StatusDocument, created time.Time) {
	d.About = &About{}
	if s.History != nil {
		e, err := s.History.Find(ctx, d.WorkspaceID, d.DatasetID, d.ID, created)
		if err != nil {
			s.log.Warn("the index of the operations was not read; the answer has no labels and no callers", "error", err)
		}
		*d.About = about(e)
	}
	ctx, cancel := context.WithTimeout(ctx, namesLimit)
	defer cancel()
	d.WorkspaceName, d.ModelName = s.names(ctx, machine.Model{WorkspaceID: d.WorkspaceID, DatasetID: d.DatasetID})
}

// namesLimit bounds how long a list waits for names that are not known yet.
const namesLimit = 500 * time.Millisecond

// names returns the names of a model and its workspace, as far as they are known.
func (s *server) names(ctx context.Context, m machine.Model) (workspace, model string) {
	if s.Names == nil {
		return "", ""
	}
	return s.Names(ctx, m)
}
