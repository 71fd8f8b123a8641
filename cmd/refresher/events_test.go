package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pbirefresh/internal/hostlog"
)

// announced are events whose lines come with features that are not merged yet.
func announced() []string {
	return nil
}

// The catalogue and the code name the same events: an alert on an event that nobody
// writes never rings.
func TestEventsOfTheCatalogueAreWritten(t *testing.T) {
	t.Parallel()
	written := map[string]bool{}
	for _, path := range sources(t, ".") {
		if strings.Contains(path, "/infra/") || strings.HasSuffix(path, "hostlog/events.go") {
			continue
		}
		for _, name := range eventsIn(t, path) {
			written[name] = true
		}
	}
	var promised []string
	for _, e := range hostlog.Events() {
		promised = append(promised, e.Name)
		if !written[e.Name] && !slices.Contains(announced(), e.Name) {
			t.Errorf("no code writes the event %s", e.Name)
		}
	}
	for name := range maps.Keys(written) {
		if !slices.Contains(promised, name) {
			t.Errorf("the code writes the event %s, which internal/hostlog/events.go does not list", name)
		}
	}
	if len(written) < 5 {
		t.Errorf("only %v found", slices.Sorted(maps.Keys(written)))
	}
}

// eventsIn are the values that follow the key "event" among the arguments of a call or
// the elements of a list.
func eventsIn(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			names = append(names, eventAmong(n.Args)...)
		case *ast.CompositeLit:
			names = append(names, eventAmong(n.Elts)...)
		}
		return true
	})
	return names
}

func eventAmong(list []ast.Expr) []string {
	for i, e := range list[:max(0, len(list)-1)] {
		if word(e) == hostlog.EventKey {
			return []string{word(list[i+1])}
		}
	}
	return nil
}

// word is what a literal, or a constant of hostlog, says.
func word(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.SelectorExpr:
		return constants()[e.Sel.Name]
	default:
		return ""
	}
}

func constants() map[string]string {
	return map[string]string{
		"EventKey": hostlog.EventKey, "EventProcessStarted": hostlog.EventProcessStarted, "EventRefreshEnded": hostlog.EventRefreshEnded,
		"EventRefreshStuck": hostlog.EventRefreshStuck, "EventSweepDone": hostlog.EventSweepDone, "EventThrottled": hostlog.EventThrottled,
		"EventSecretExpiring": hostlog.EventSecretExpiring, "EventScheduleLate": hostlog.EventScheduleLate, "EventScheduleFailed": hostlog.EventScheduleFailed,
		"EventCallbackAbandoned": hostlog.EventCallbackAbandoned, "EventTimerRefused": hostlog.EventTimerRefused,
	}
}
