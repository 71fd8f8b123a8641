package refresh

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// keyRecordPrefix is where the records of idempotency keys live. Nothing here deletes them: a
// lifecycle rule of the storage does, 30 days or more after their operation's end.
const keyRecordPrefix = "keys/requests/"

// A key has up to two records; see "Keys" in the package doc. Neither ever changes.
func claimName(name string) string   { return keyRecordPrefix + name + ".json" }
func pointerName(name string) string { return keyRecordPrefix + name + ".operation.json" }

// keyRecord is the document of a claim or a pointer.
type keyRecord struct {
	Schema    int    `json:"schema"`
	MinReader int    `json:"minReader,omitempty"`
	Payload   string `json:"payload"` // of a pointer that was made for a mark: as many digits as that has
	Stream    string `json:"stream,omitempty"`
	Ticket    int64  `json:"ticket,omitempty"`
	Epoch     string `json:"epoch,omitempty"`
	Number    int64  `json:"number,omitempty"`
}

func (c *Coordinator) keyRecord(ctx context.Context, name string) (keyRecord, error) {
	var r keyRecord
	doc, err := readAnswered(ctx, c.cfg.Store, name)
	if err != nil {
		return r, err
	}
	err = json.Unmarshal(doc.Body, &r)
	if newer := machine.Readable(r.Schema, r.MinReader); newer != nil {
		return r, newer
	}
	if err != nil || r.Payload == "" || r.ticket() != (machine.Ticket{}) && !r.ticket().Valid() {
		return r, fmt.Errorf("refresh: the key's record %s is not readable (%w)", name, cmp.Or(err, errors.New("no payload, or a bad ticket")))
	}
	return r, nil
}

func (r keyRecord) ticket() machine.Ticket { return machine.Ticket{Stream: r.Stream, Number: r.Ticket} }

// accepts refuses a key that stands for another request.
func (r keyRecord) accepts(k machine.Key) error {
	if !strings.HasPrefix(k.Payload, r.Payload) {
		return &Refusal{Code: machine.CodeKeyReused, Message: machine.KeyReused}
	}
	return nil
}

// point makes the pointer of a key to the operation that it was admitted to, and returns
// the operation of the pointer: the first one that was made decides.
func (c *Coordinator) point(ctx context.Context, k machine.Key, epoch string, number int64) (string, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	record := keyRecord{Schema: machine.Schema, MinReader: machine.MinReader, Payload: k.Payload, Epoch: epoch, Number: number}
	body, err := json.Marshal(record)
	if err != nil {
		return "", 0, err
	}
	_, err = answered(ctx, func() (lease.Version, error) { return c.cfg.Store.Create(ctx, pointerName(k.Name), body, nil) })
	if errors.Is(err, lease.ErrExists) {
		record, err = c.keyRecord(ctx, pointerName(k.Name))
	}
	if err != nil {
		return "", 0, unavailable(err)
	}
	return record.Epoch, record.Number, record.accepts(k)
}
