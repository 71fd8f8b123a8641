package apicheck

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Exchange is one request and its answer, as they were sent.
type Exchange struct {
	Method, Path string
	Request      []byte
	Status       int
	Header       http.Header
	Answer       []byte
}

// ownHeader marks an answer of the app, and not of the host before it.
const ownHeader = "X-Pbirefresh-Version"

// Check returns what of the exchange the document does not describe.
func (s *Spec) Check(e Exchange) error {
	if e.Header.Get(ownHeader) == "" {
		return hostAnswer(e)
	}
	operation, found := s.operation(e.Method, e.Path)
	if !found {
		return notServed(e)
	}
	response := s.down(operation, "responses", strconv.Itoa(e.Status))
	if response.node == nil {
		return fmt.Errorf("status %d is not described", e.Status)
	}
	return errors.Join(s.checkRequest(operation, e), s.checkHeaders(response, e.Header), s.checkBody(response, e))
}

func hostAnswer(e Exchange) error {
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusNotFound || e.Status >= http.StatusInternalServerError {
		return nil
	}
	return fmt.Errorf("status %d without the header %s, which every answer of the app has", e.Status, ownHeader)
}

// notServed: what is not described must not be there.
func notServed(e Exchange) error {
	if slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable}, e.Status) {
		return nil
	}
	return fmt.Errorf("the route is not described, and answers %d", e.Status)
}

// operation finds what describes a call. A path without parameters comes first.
func (s *Spec) operation(method, path string) (place, bool) {
	root := place{s.doc, ""}
	paths, _ := at(s.doc, "paths").(map[string]any)
	for _, exact := range []bool{true, false} {
		for template := range paths {
			if exact != (template == path) || !matches(template, path) {
				continue
			}
			operation := s.down(root, "paths", template, strings.ToLower(method))
			return operation, operation.node != nil
		}
	}
	return place{}, false
}

func matches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(t, p string) bool {
		return t == p || strings.HasPrefix(t, "{") && p != ""
	})
}

// checkRequest: what was accepted must have been allowed.
func (s *Spec) checkRequest(operation place, e Exchange) error {
	schema := s.down(operation, "requestBody", "content", "application/json", "schema")
	if schema.node == nil || e.Status >= http.StatusMultipleChoices {
		return nil
	}
	return s.checkJSON("request", schema, e.Request)
}

func (s *Spec) checkHeaders(response place, sent http.Header) error {
	described, _ := at(response.node, "headers").(map[string]any)
	var problems []error
	for name := range described {
		header := s.down(response, "headers", name)
		value, required := sent.Get(name), at(header.node, "required") == true
		switch {
		case value == "" && required:
			problems = append(problems, fmt.Errorf("the header %s is missing", name))
		case value != "":
			if err := s.validate(s.down(header, "schema"), value); err != nil {
				problems = append(problems, fmt.Errorf("header %s: %w", name, err))
			}
		}
	}
	return errors.Join(problems...)
}

func (s *Spec) checkBody(response place, e Exchange) error {
	schema := s.down(response, "content", "application/json", "schema")
	if schema.node == nil {
		return nil
	}
	if kind := e.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return fmt.Errorf("Content-Type is %q", kind)
	}
	return s.checkJSON("answer", schema, e.Answer)
}

func (s *Spec) checkJSON(what string, schema place, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the %s is no JSON: %w", what, err)
	}
	if err := s.validate(schema, value); err != nil {
		return fmt.Errorf("the %s: %w", what, err)
	}
	return nil
}
