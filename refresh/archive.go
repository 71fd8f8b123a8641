package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pbirefresh/refresh/machine"
)

// ArchiveName is where a finished operation lives once it has left the state
// document. The epoch keeps it apart from a recreated document's operations.
func ArchiveName(m machine.Model, epoch string, number int64) string {
	return fmt.Sprintf("archive/%s/%s-%d.json", m, epoch, number)
}

// archivedOperation is the document of an archived operation. It never changes, so that
// what a reader of it does not know need not be kept.
type archivedOperation struct {
	Schema    int               `json:"schema"`
	MinReader int               `json:"minReader,omitempty"`
	Model     machine.Model     `json:"model"`
	Operation machine.Operation `json:"operation"`
}

// archive copies finished operations to the archive and reports each one that
// is confirmed to be there. Only then does it leave the state document.
func (q *queue) archive(ctx context.Context, s machine.State, e machine.Archive, now func() time.Time) []machine.Event {
	ctx, cancel := detach(ctx, archiveLimit)
	defer cancel()
	var events []machine.Event
	for _, op := range e.Operations {
		if err := q.c.archiveOne(ctx, q.model, &s, op); err != nil {
			q.log.Warn("operation not archived; it stays in the state document", "operation", op.Number, "error", err)
			break
		}
		events = append(events, machine.Archived{At: machine.At(now()), Epoch: s.Epoch, Number: op.Number})
	}
	return events
}

// archiveOne makes the documents of an operation that is about to leave s.
func (c *Coordinator) archiveOne(ctx context.Context, m machine.Model, s *machine.State, op machine.Operation) error {
	if err := c.leaving(ctx, m, s.Epoch, op); err != nil {
		return err
	}
	a := archivedOperation{Model: m, Operation: op}
	a.Schema, a.MinReader = machine.Raised(s.Schema, s.MinReader)
	if err := c.createFinal(ctx, ArchiveName(m, s.Epoch, op.Number), a); err != nil {
		return err
	}
	return c.pointAll(ctx, s.Epoch, op) // to what is there
}

// fromArchive reads an archived operation, and the storage service's clock.
func (c *Coordinator) fromArchive(ctx context.Context, id ID) (machine.Operation, time.Time, error) {
	doc, err := readAnswered(ctx, c.cfg.Store, ArchiveName(id.Model, id.Epoch, id.Number))
	if err != nil {
		return machine.Operation{}, time.Time{}, err
	}
	var a archivedOperation
	if err := json.Unmarshal(doc.Body, &a); err != nil {
		return machine.Operation{}, time.Time{}, fmt.Errorf("refresh: the archived operation is not readable: %w", err)
	}
	return a.Operation, doc.Date, errors.Join(machine.Readable(a.Schema, a.MinReader), a.Operation.CheckWords())
}
