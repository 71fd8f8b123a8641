package handler

import (
	"errors"
	"net/http/httptest"
	"testing"

	"pbirefresh/powerbi"
)

func TestTheClientOfTheDoctor(t *testing.T) {
	t.Parallel()
	var asked []powerbi.Dataset
	b := newBench(t, walked(&asked))
	server := httptest.NewServer(b.routes)
	t.Cleanup(server.Close)
	c := &Client{BaseURL: server.URL, Key: testKey}
	doc, err := c.Doctor(t.Context(), testWorkspace, testDataset)
	if err != nil || doc.State != "problem" || len(doc.Checks) != 2 || len(asked) != 1 || asked[0].DatasetID != testDataset {
		t.Errorf("got %+v, %v about %v; want a problem of one model", doc, err, asked)
	}
	if _, err := c.Doctor(t.Context(), "x", testDataset); codeOf(err) != "InvalidRequest" {
		t.Errorf("a wrong id: got %v, want InvalidRequest", err)
	}
	if _, err := (&Client{BaseURL: server.URL}).Doctor(t.Context(), "", ""); codeOf(err) != "KeyRequired" {
		t.Errorf("no key: got %v, want KeyRequired", err)
	}
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
