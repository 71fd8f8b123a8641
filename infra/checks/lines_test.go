package checks

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"pbirefresh/infra/checks/kql"
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
		written.lines = slices.Concat(refreshLines(t), scheduleLines(t), callbackLines(t), []string{startLine(t)}, promisedLines(),
			[]string{`panic: out of memory`, `{"level":"INFO","msg":"not ours","event":"refresh.ende"}`, `[1,2]`, ``})
	})
	return written.lines
}

// traces are the rows that the host makes of lines: one entry each, as it is, under the
// category of consoles. Source: azure-functions-host, and Application Insights' schema.
func traces(lines []string) []kql.Row {
	var rows []kql.Row
	for _, line := range lines {
		rows = append(rows, kql.Row{
			"timestamp": "2026-09-24T10:00:00Z", "message": line, "cloud_RoleInstance": "instance-1", "severityLevel": severity(line),
			"customDimensions": kql.Dynamic(map[string]any{"Category": "Host.Function.Console", "LogLevel": "Information"}),
		})
	}
	return rows
}

// severity is the host's grade of a line, as hostlog has it: Information, Warning, Error.
func severity(line string) float64 {
	switch {
	case strings.Contains(line, `"level":"INFO"`):
		return 1
	case strings.Contains(strings.ToLower(line), "warn"):
		return 2
	default:
		return 3
	}
}

func eventOf(line string) string {
	var record map[string]any
	if json.Unmarshal([]byte(line), &record) != nil {
		return ""
	}
	event, _ := record[hostlog.EventKey].(string)
	return event
}

// TestAlertsSeeRealLines runs every alert's query on everything that was written: it finds
// lines of its own event and no others.
func TestAlertsSeeRealLines(t *testing.T) {
	t.Parallel()
	lines := allLines(t)
	counts := map[string]int{}
	for _, line := range lines {
		counts[eventOf(line)]++
	}
	rules := of(plans(t)["examples/minimal.tfvars"], alertType)
	if len(rules) != len(hostlog.Events()) {
		t.Errorf("%d rules, %d events", len(rules), len(hostlog.Events()))
	}
	for _, rule := range rules {
		criteria := rule.Body.Blocks["criteria"][0]
		q, err := kql.Parse(text(criteria, "query"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := q.Run(traces(lines))
		if err != nil {
			t.Fatalf("%s: %v", rule.Address, err)
		}
		_, event, _ := strings.Cut(text(criteria, "query"), `tostring(line.event) == "`)
		event, _, _ = strings.Cut(event, `"`)
		if len(rows) == 0 || len(rows) > counts[event] {
			t.Errorf("%s finds %d rows, and %d lines of %s were written", rule.Address, len(rows), counts[event], event)
		}
		for _, d := range criteria.Blocks["dimension"] {
			for _, row := range rows {
				if v, _ := row[text(d, "name")].(string); v == "" {
					t.Errorf("%s is told apart by %s, which is empty in %v", rule.Address, text(d, "name"), row)
				}
			}
		}
		other, err := q.Run(traces([]string{`{"event":"other","status":"Failed","seconds":900}`, "text"}))
		if err != nil || len(other) != 0 {
			t.Errorf("%s rings for other lines: %v, %v", rule.Address, other, err)
		}
	}
}

// TestAlertOnlyForFailures: a success does not ring, a short delay does not either, and a
// line of another category is not read.
func TestAlertsLeaveTheRestAlone(t *testing.T) {
	t.Parallel()
	for rule, line := range map[string]string{
		"failed":        `{"event":"refresh.ended","status":"Succeeded","model":"a/b"}`,
		"schedule_late": `{"event":"schedule.late","schedule":"s","seconds":20}`,
	} {
		alert, ok := at(plans(t)["examples/minimal.tfvars"], alertType+`.this["`+rule+`"]`)
		if !ok {
			t.Fatal(rule)
		}
		q, err := kql.Parse(text(alert.Body.Blocks["criteria"][0], "query"))
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := q.Run(traces([]string{line})); err != nil || len(rows) != 0 {
			t.Errorf("%s rings for %s: %v", rule, line, err)
		}
		foreign := traces([]string{`{"event":"refresh.ended","status":"Failed"}`, `{"event":"schedule.late","seconds":900}`})
		for _, row := range foreign {
			row["customDimensions"] = kql.Dynamic(map[string]any{"Category": "Function.Other"})
		}
		if rows, err := q.Run(foreign); err != nil || len(rows) != 0 {
			t.Errorf("%s reads lines of other categories: %v", rule, err)
		}
	}
}
