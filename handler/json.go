package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth is deeper than any request needs to be.
const maxDepth = 16

// checkJSON refuses what encoding/json lets pass and readers disagree on:
// duplicate keys, text after the end, and needless depth.
func checkJSON(body []byte) *Detail {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	w := &jsonWalk{d: d}
	err := w.value(0)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is something after the end of the object")
		}
	}
	switch {
	case w.duplicate != nil:
		return w.duplicate
	case len(bytes.TrimSpace(body)) == 0:
		return &Detail{Code: "InvalidJSON", Target: "body", Message: `The body is empty. Send a JSON object such as {"workspaceId":"...","datasetId":"..."} with a Content-Length.`}
	case err != nil:
		return &Detail{Code: "InvalidJSON", Target: "body", Message: "The body is not valid JSON: " + reason(err, d.InputOffset()) + "."}
	}
	return nil
}

// jsonWalk visits every token of a document. Where it is becomes words only if they are
// needed: names are as long as callers like, and there can be thousands inside of one.
type jsonWalk struct {
	d         *json.Decoder
	path      [maxDepth + 1]step // to the value at hand: one for each depth
	duplicate *Detail            // the first one
}

// step is a member's name, or where an item stands.
type step struct {
	name string
	item int // -1: a member
}

func (w *jsonWalk) value(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, err := w.d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return w.object(depth)
	case json.Delim('['):
		return w.array(depth)
	}
	return nil
}

func (w *jsonWalk) object(depth int) error {
	seen := map[string]bool{}
	for w.d.More() {
		token, err := w.d.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string) // the decoder allows no other kind of key
		w.path[depth] = step{key, -1}
		if seen[key] && w.duplicate == nil {
			field := w.field(depth)
			w.duplicate = &Detail{Code: "DuplicateField", Target: or(field, "body"), Message: fmt.Sprintf("The field %.80q is there twice. Keep one.", field)}
		}
		seen[key] = true
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

func (w *jsonWalk) array(depth int) error {
	for i := 0; w.d.More(); i++ {
		w.path[depth] = step{item: i}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

// field is the path of the member at a depth, such as options.objects[0].table.
func (w *jsonWalk) field(depth int) string {
	var b strings.Builder
	for _, s := range w.path[:depth+1] {
		if s.item >= 0 {
			fmt.Fprintf(&b, "[%d]", s.item)
		} else {
			b.WriteString("." + s.name)
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

func reason(err error, offset int64) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends early"
	}
	return fmt.Sprintf("%v (near byte %d)", err, offset)
}
