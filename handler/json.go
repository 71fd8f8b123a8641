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
	err := w.value("", 0)
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

// jsonWalk visits every token of a document.
type jsonWalk struct {
	d         *json.Decoder
	duplicate *Detail // the first one
}

func (w *jsonWalk) value(path string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, err := w.d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return w.object(path, depth)
	case json.Delim('['):
		return w.array(path, depth)
	}
	return nil
}

func (w *jsonWalk) object(path string, depth int) error {
	seen := map[string]bool{}
	for w.d.More() {
		token, err := w.d.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string) // the decoder allows no other kind of key
		if seen[key] && w.duplicate == nil {
			field := strings.TrimPrefix(path+"."+key, ".")
			w.duplicate = &Detail{Code: "DuplicateField", Target: or(field, "body"), Message: fmt.Sprintf("The field %.80q is there twice. Keep one.", field)}
		}
		seen[key] = true
		if err := w.value(path+"."+key, depth+1); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

func (w *jsonWalk) array(path string, depth int) error {
	for i := 0; w.d.More(); i++ {
		if err := w.value(fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

func reason(err error, offset int64) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends early"
	}
	return fmt.Sprintf("%v (near byte %d)", err, offset)
}
