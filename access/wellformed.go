package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth is deeper than any policy is.
const maxDepth = 8

// wellFormed refuses what encoding/json lets pass: two members of one name, of which
// a person reads the first and a machine the last, text after the end, and depth.
func wellFormed(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := walk(d, 0)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is something after its end")
		}
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("the policy is not valid JSON (near byte %d)", d.InputOffset())
	case err != nil:
		return fmt.Errorf("the policy is refused (near byte %d): %w", d.InputOffset(), err)
	}
	return nil
}

func walk(d *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	open, _ := token.(json.Delim)
	if open != '{' && open != '[' {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			if err := member(d, seen); err != nil {
				return err
			}
		}
		if err := walk(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func member(d *json.Decoder, seen map[string]bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	name, _ := token.(string) // the decoder allows no other kind
	if seen[name] {
		return errors.New("a member is there twice")
	}
	seen[name] = true
	return nil
}
