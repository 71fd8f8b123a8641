package callback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pbirefresh/lease"
)

const (
	positionName   = "sweep/callbacks.json"
	positionSchema = 1
	positionLimit  = 5 * time.Second // of saving it
)

// position is where the last sweep stopped. It is advice: without it, listing and turns
// begin at the first record.
type position struct {
	Schema  int    `json:"schema"`
	Next    string `json:"next,omitempty"` // cursor of the page to list next; "": the first
	Turn    turn   `json:"turn"`
	Waiting count  `json:"waiting"` // of the last complete listing
	Counted count  `json:"counted"` // of the listing that Next continues
}

// errNewerPosition keeps this version from overwriting what a newer one saved.
var errNewerPosition = errors.New("callback: " + positionName + " was saved by a newer version")

// readPosition returns the position. With an error, and if there is none or it is damaged,
// it is the first.
func (s *Service) readPosition(ctx context.Context) (position, error) {
	first := position{Schema: positionSchema}
	doc, err := s.store.Read(ctx, positionName)
	if errors.Is(err, lease.ErrNotFound) {
		return first, nil
	}
	if err != nil {
		return first, err
	}
	return parsePosition(doc.Body)
}

// parsePosition reads a position. A damaged one is the first: the next save replaces it.
func parsePosition(body []byte) (position, error) {
	var form struct{ Schema int }
	if json.Unmarshal(body, &form) == nil && form.Schema > positionSchema {
		return position{Schema: positionSchema}, errNewerPosition
	}
	var p position
	if err := json.Unmarshal(body, &p); err == nil && p.Schema == positionSchema {
		return p, nil
	}
	return position{Schema: positionSchema}, nil
}

// savePosition saves a position if it differs from the last one. A failure is logged
// only: the next sweep repeats this one's turn.
func (s *Service) savePosition(ctx context.Context, last, next position) {
	was, _ := json.Marshal(last)
	body, err := json.Marshal(next)
	if err == nil && string(was) == string(body) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, positionLimit)
	defer cancel()
	if err == nil {
		err = s.putPosition(ctx, body)
	}
	if err != nil {
		s.log.Warn("position of the sweep of callbacks not saved; the next sweep repeats this turn", "error", err)
	}
}

func (s *Service) putPosition(ctx context.Context, body []byte) error {
	sec, err := lease.Enter(ctx, s.store, positionName)
	if errors.Is(err, lease.ErrNotFound) {
		_, err = s.store.Create(ctx, positionName, body, nil)
		return err
	}
	if err != nil {
		return fmt.Errorf("another sweep may be running: %w", err)
	}
	defer sec.Close(ctx)
	return sec.Commit(ctx, body, nil, func(b []byte) bool { return string(b) == string(body) })
}
