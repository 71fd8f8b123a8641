package checks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pbirefresh/internal/hostlog"
)

var written struct {
	once  sync.Once
	lines []string
}

// allLines are what a console may show: everything that the product writes in a bad day,
// what takes long to provoke, and noise.
func allLines(t *testing.T) []string {
	t.Helper()
	written.once.Do(func() {
		written.lines = slices.Concat(refreshLines(t), scheduleLines(t), callbackLines(t), refusedLines(), []string{startLine(t)}, promisedLines(),
			[]string{`panic: out of memory`, `{"level":"INFO","msg":"not ours","event":"refresh.ende"}`, `[1,2]`, ``})
	})
	return written.lines
}

// fits reports whether written lines have what a query compares, and among them something
// in each member that the query reads: not every line of an event has all of them.
func fits(q kustoQuery, lines []string) bool {
	missing := slices.Clone(q.Members)
	for _, line := range lines {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) != nil || !equal(q, record) {
			continue
		}
		missing = slices.DeleteFunc(missing, func(member string) bool {
			name, ok := strings.CutPrefix(member, "line.")
			return !ok || record[name] != nil && record[name] != ""
		})
		if len(missing) == 0 {
			return true
		}
	}
	return false
}

// equal reports whether a line has what a query compares.
func equal(q kustoQuery, record map[string]any) bool {
	for member, values := range q.Equal {
		if name, ok := strings.CutPrefix(member, "line."); ok && len(values) > 0 && !slices.Contains(values, fmt.Sprint(record[name])) {
			return false
		}
	}
	return true
}

// TestQueriesFitRealLines: every query of the alerts and of the documents is right, and for
// each one the program has written lines that the query's conditions keep and whose members
// it can show.
func TestQueriesFitRealLines(t *testing.T) {
	t.Parallel()
	var queries []string
	for name, content := range tree(t).Files("docs", ".md") {
		for _, query := range runbookQueries(string(content)) {
			queries = append(queries, query)
			if _, found := asked("docs/"+name, query); len(found) > 0 {
				t.Errorf("%s\n%s", strings.Join(found, "\n"), query)
			}
		}
	}
	alerts, err := alertsOf(tree(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		queries = append(queries, a.query)
	}
	if len(queries) < 15+len(hostlog.Events()) {
		t.Errorf("got %d queries of runbook and alerts, want at least %d", len(queries), 15+len(hostlog.Events()))
	}
	lines := allLines(t)
	for _, query := range queries {
		q, err := parseKusto(strings.ReplaceAll(query, "WORKSPACE_ID/DATASET_ID", modelOfLines.String()))
		if err != nil {
			t.Fatal(err)
		}
		readsLines := slices.ContainsFunc(q.Members, func(m string) bool { return strings.HasPrefix(m, "line.") })
		if readsLines && !fits(q, lines) {
			t.Errorf("%d written lines do not have %v and something in each of %v:\n%s", len(lines), q.Equal, q.Members, query)
		}
	}
}
