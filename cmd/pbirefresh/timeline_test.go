package main

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/local/funchost"
	"pbirefresh/local/sim"
)

// printed is what a timeline prints, line by line.
func printed(lines *timeline) []string {
	var b bytes.Buffer
	lines.print(&b)
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestTaleIsToldInOrder(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	lines := &timeline{began: began}
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	lines.add(at(1500), "powerbi", "third")
	lines.add(at(-250), "vault", "before")
	lines.add(at(0), "handler", "first")
	lines.add(began.Add(-100*time.Microsecond), "handler", "just before")
	lines.add(at(1500), "handler", "at the same time, and printed in the order of arrival")
	lines.add(at(7), "entra", "second")
	want := []string{
		"    -0.250s  vault      before",
		"    +0.000s  handler    just before",
		"    +0.000s  handler    first",
		"    +0.007s  entra      second",
		"    +1.500s  powerbi    third",
		"    +1.500s  handler    at the same time, and printed in the order of arrival",
	}
	if got := printed(lines); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is done while warming up comes before the beginning.
func TestTaleBeginsAgain(t *testing.T) {
	t.Parallel()
	lines := newTimeline()
	lines.add(time.Now().Add(-time.Minute), "vault", "warming up")
	lines.begin()
	lines.add(lines.began.Add(time.Second), "powerbi", "the refresh")
	got := printed(lines)
	if !strings.HasPrefix(got[0], "   -60.0") || !strings.HasPrefix(got[1], "    +1.000s") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

func TestTaleOfManyTellers(t *testing.T) {
	t.Parallel()
	lines := newTimeline()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() { lines.add(time.Now(), "x", fmt.Sprint(i)) })
	}
	wg.Wait()
	if n := len(printed(lines)); n != 50 {
		t.Errorf("%d lines of 50", n)
	}
}

// last is the last line of a timeline, without its time.
func last(t *testing.T, lines *timeline) string {
	t.Helper()
	if len(lines.lines) == 0 {
		return ""
	}
	l := lines.lines[len(lines.lines)-1]
	return l.who + ": " + l.what
}

func TestTaleOfTheStandIns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		entry sim.Entry
		want  string
	}{
		{sim.Entry{Kind: sim.KindRequest, Service: "powerbi", Method: "POST", Status: 202, Path: "/v1.0/myorg/groups/" + workspaceID + "/datasets/" + datasetID + "/refreshes"},
			"powerbi: POST /v1.0/myorg/groups/f089..48/datasets/cfaf..29/refreshes -> 202"},
		{sim.Entry{Kind: sim.KindAccepted, Refresh: workspaceID, Note: "enhanced"}, "powerbi: refresh f089..48 accepted enhanced"},
		{sim.Entry{Kind: sim.KindEnded, Refresh: workspaceID}, "powerbi: refresh f089..48 ended"},
		{sim.Entry{Kind: sim.KindControl, Note: "busy"}, ""},
	} {
		lines := newTimeline()
		tc.entry.Time = time.Now()
		lines.fromWorld(tc.entry)
		if got := last(t, lines); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestTaleOfTheHandler(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`panic: out of memory`:               "handler: panic: out of memory",
		`{"msg":"listening","address":"x"}`:  "",
		`{"msg":"warm","ms":3}`:              "",
		`{"msg":"sweep","seen":1}`:           "",
		`{"msg":"something","other":"left"}`: "handler: something",
		`{"msg":"operation","operation":7,"phase":"running","kind":"enhanced"}`:               "handler: operation 7 is running kind=enhanced",
		`{"msg":"operation","operation":7,"phase":"failed","status":"Failed","code":"X"}`:     "handler: operation 7 is failed code=X",
		`{"msg":"request","route":"POST /api/refreshes","status":202,"ms":12,"level":"INFO"}`: "handler: POST /api/refreshes ms=12 status=202",
		`{"msg":"not ready","error":"no token"}`:                                              "handler: not ready error=no token",
	} {
		lines := newTimeline()
		lines.fromHandler(funchost.Line{Text: line})
		if got := last(t, lines); got != want {
			t.Errorf("%s\n is told as %q, want %q", line, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"":                                  "",
		"/a/b":                              "/a/b",
		workspaceID:                         "f089..48",
		"/x/" + workspaceID + "/y":          "/x/f089..48/y",
		"/" + workspaceID + "/" + datasetID: "/f089..48/cfaf..29",
		"/" + workspaceID + "0":             "/" + workspaceID + "0",
		"/" + strings.Repeat("a", 36):       "/" + strings.Repeat("a", 36),
		"/secrets/powerbi-client-secret/":   "/secrets/powerbi-client-secret/",
	} {
		if got := shorten(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}
