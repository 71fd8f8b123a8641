package handler

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheClientOfTheSchedules(t *testing.T) {
	t.Parallel()
	b := newScheduleBench(t, &fakeSchedules{listing: exampleListing(t)})
	server := httptest.NewServer(b.routes)
	t.Cleanup(server.Close)
	doc, err := (&Client{BaseURL: server.URL, Key: testKey}).Schedules(t.Context())
	if err != nil || len(doc.Schedules) != 2 || doc.Source.Problem == nil || doc.Schedules[0].Name != "sales" {
		t.Errorf("got %+v, %v; want two entries and the problem with the file", doc, err)
	}
	if _, err := (&Client{BaseURL: server.URL}).Schedules(t.Context()); codeOf(err) != "KeyRequired" {
		t.Errorf("no key: got %v, want KeyRequired", err)
	}
}

// What is no JSON document of the app, such as the page of a proxy, is an error.
func TestTheClientTakesNoPageForADocument(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	t.Cleanup(server.Close)
	if _, err := (&Client{BaseURL: server.URL, Key: testKey}).Schedules(t.Context()); codeOf(err) != "UnexpectedAnswer" {
		t.Errorf("got %v, want UnexpectedAnswer", err)
	}
}
