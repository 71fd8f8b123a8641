package checks

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/infra/checks/kql"
	"pbirefresh/internal/hostlog"
	"pbirefresh/lease"
	"pbirefresh/refresh"
)

// console keeps lines as the Functions host reads them.
type console struct {
	mu    sync.Mutex
	lines []string
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// badDay is a Power BI that is throttled once, fails one refresh and then cannot be read
// any more.
type badDay struct {
	refresh.Upstream
	mu    sync.Mutex
	posts int
}

func (b *badDay) Warm(context.Context) error { return nil }

func (b *badDay) Post(_ context.Context, _ refresh.Model, _ refresh.Post, _ time.Time) refresh.Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts++
	switch b.posts {
	case 1:
		return refresh.Answer{Kind: refresh.Throttled, RetryAfter: time.Second, Fault: &refresh.Fault{Code: "Throttled", Message: "slow down"}}
	case 2:
		return refresh.Answer{Kind: refresh.Refused, Fault: &refresh.Fault{Code: "Forbidden", Message: `a "quoted" warning: no`}}
	default:
		return refresh.Answer{Kind: refresh.Accepted, RefreshID: "R1", Sent: refresh.Enhanced}
	}
}

func (b *badDay) Look(context.Context, refresh.Model, refresh.Look) refresh.Sight {
	return refresh.Sight{Err: &refresh.Fault{Code: "Unavailable", Message: "no answer"}}
}

// productLines are written by the product itself in the course of a bad day.
func productLines(t *testing.T) []string {
	t.Helper()
	c := new(console)
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		coordinator := refresh.New(refresh.Config{
			Store: store, Upstream: &badDay{}, Key: refresh.StatusKey(store), Rules: refresh.DefaultRules(), Logger: slog.New(hostlog.New(c, c, nil)),
		})
		ask := refresh.Request{
			Model: refresh.Model{WorkspaceID: "f089354e-8366-4e18-aea3-4cb4a3a50b48", DatasetID: "cfafbeb1-8037-4d0c-896e-a46fb27ff229"},
			Ask:   refresh.Ask{Shape: refresh.Shape{Kind: refresh.Auto}, WhenBusy: refresh.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 3},
		}
		for range 2 {
			if _, err := coordinator.Trigger(t.Context(), ask); err != nil {
				t.Fatal(err)
			}
			for range 3 * 60 {
				time.Sleep(30 * time.Second)
				if _, err := coordinator.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(2 * time.Minute)
	})
	return c.lines
}

// startLine is the first line of the real program.
func startLine(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "refresher")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/refresher")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "FUNCTIONS_CUSTOMHANDLER_PORT=0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	stop()
	_ = cmd.Wait()
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// promisedLines stand for events that take long to provoke: what hostlog makes of what
// the catalogue promises.
func promisedLines() []string {
	c := new(console)
	log := slog.New(hostlog.New(c, c, nil))
	log.Warn("credential expires soon", hostlog.EventKey, hostlog.EventSecretExpiring, "days", 6)
	log.Warn("schedule is late", hostlog.EventKey, hostlog.EventScheduleLate, "schedule", "sales", "seconds", 900)
	log.Warn("callback abandoned", hostlog.EventKey, hostlog.EventCallbackAbandoned, "model", "w/d", "host", "logic.azure.com", "attempts", 9, "answer", 404)
	log.Error("schedule failed", hostlog.EventKey, hostlog.EventScheduleFailed, "schedule", "sales", "code", "QueueFull")
	return c.lines
}

// traces are the rows that the host makes of lines: one entry each, as it is, under the
// category of consoles. Source: azure-functions-host, and Application Insights' schema.
func traces(lines []string) []kql.Row {
	var rows []kql.Row
	for _, line := range lines {
		rows = append(rows, kql.Row{
			"timestamp": "2026-09-24T10:00:00Z", "message": line, "cloud_RoleInstance": "instance-1",
			"customDimensions": kql.Dynamic(map[string]any{"Category": "Host.Function.Console", "LogLevel": "Information"}),
		})
	}
	return rows
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
	lines := append(productLines(t), startLine(t))
	lines = append(lines, promisedLines()...)
	lines = append(lines, `panic: out of memory`, `{"level":"INFO","msg":"not ours","event":"refresh.ende"}`, `[1,2]`, ``)
	written := map[string]int{}
	for _, line := range lines {
		written[eventOf(line)]++
	}
	rules := of(plans(t)["examples/minimal.tfvars"], "azurerm_monitor_scheduled_query_rules_alert_v2")
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
		if len(rows) == 0 || len(rows) > written[event] {
			t.Errorf("%s finds %d rows, and %d lines of %s were written", rule.Address, len(rows), written[event], event)
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
		alert, ok := at(plans(t)["examples/minimal.tfvars"], `azurerm_monitor_scheduled_query_rules_alert_v2.this["`+rule+`"]`)
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
