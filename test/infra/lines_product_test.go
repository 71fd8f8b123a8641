package checks

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/callback"
	"pbirefresh/handler"
	"pbirefresh/internal/hostlog"
	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
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

func (b *badDay) Post(_ context.Context, _ machine.Model, _ machine.Post, _ time.Time) machine.Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts++
	switch b.posts {
	case 1:
		return machine.Answer{Kind: machine.Throttled, RetryAfter: time.Second, Fault: &machine.Fault{Code: "Throttled", Message: "slow down"}}
	case 2:
		return machine.Answer{Kind: machine.Refused, Fault: &machine.Fault{Code: "Forbidden", Message: `a "quoted" warning: no`}}
	default:
		return machine.Answer{Kind: machine.Accepted, RefreshID: "R1", Sent: machine.Enhanced}
	}
}

func (b *badDay) Look(context.Context, machine.Model, machine.Look) refresh.Observation {
	return refresh.Observation{Err: &machine.Fault{Code: "Unavailable", Message: "no answer"}}
}

var modelOfLines = machine.Model{WorkspaceID: "f089354e-8366-4e18-aea3-4cb4a3a50b48", DatasetID: "cfafbeb1-8037-4d0c-896e-a46fb27ff229"}

// refreshLines are written by the product itself in the course of a bad day.
func refreshLines(t *testing.T) []string {
	t.Helper()
	c := new(console)
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		coordinator := refresh.New(refresh.Config{
			Store: store, Upstream: &badDay{}, Keys: refresh.NewStatusKeys(store), Rules: machine.DefaultRules(), Logger: slog.New(hostlog.New(c, c, nil)),
		})
		ask := refresh.Request{
			Model: modelOfLines,
			Ask:   machine.Ask{Shape: machine.Shape{Kind: machine.Auto}, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 3},
		}
		sweep := func(times int) {
			for range times {
				time.Sleep(30 * time.Second)
				if _, err := coordinator.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 2 {
			if _, err := coordinator.Trigger(t.Context(), ask); err != nil {
				t.Fatal(err)
			}
			sweep(3 * 60)
		}
		store.Seize(refresh.StateName(modelOfLines))
		sweep(20)
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

// promisedLines stand for the event that takes long to provoke: what hostlog makes of what
// the catalogue promises.
func promisedLines() []string {
	c := new(console)
	slog.New(hostlog.New(c, c, nil)).Warn("credential expires soon", hostlog.EventKey, hostlog.EventSecretExpiring,
		"days", 6, "expires", "2026-12-01T00:00:00Z", "version", "3f2a")
	return c.lines
}

// refusedLines are of a caller's request for a timer's path.
func refusedLines() []string {
	c := new(console)
	routes := handler.New(handler.Config{Logger: slog.New(hostlog.New(c, c, nil))})
	routes.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/RefreshSweep", http.NoBody))
	return c.lines
}

// scheduleLines are of a day on which the storage is away for eight minutes, the
// queue of a model is closed for one slot, and somebody breaks the file.
func scheduleLines(t *testing.T) []string {
	t.Helper()
	c := new(console)
	synctest.Test(t, func(t *testing.T) {
		text := `{"schedules":{"sales":{"workspaceId":"` + modelOfLines.WorkspaceID + `","datasetId":"` + modelOfLines.DatasetID + `","every":"1h"}}}`
		began := time.Now()
		runner := schedule.New(schedule.Config{
			Store: lease.NewMemory(), Logger: slog.New(hostlog.New(c, c, nil)),
			Source: schedule.Source{Name: "schedules.json", Read: func(context.Context) ([]byte, error) { return []byte(text), nil }},
			Read:   func([]byte) (refresh.Request, []schedule.Wrong) { return refresh.Request{Model: modelOfLines}, nil },
			Start: func(context.Context, string, refresh.Request) (refresh.Receipt, error) {
				switch age := time.Since(began); {
				case age >= time.Hour && age < 68*time.Minute:
					return refresh.Receipt{}, errors.New("no storage")
				case age > 150*time.Minute && age < 210*time.Minute:
					return refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeBusy, Message: "busy"}
				}
				return refresh.Receipt{ID: "op"}, nil
			},
		})
		for range 5 * 60 {
			time.Sleep(time.Minute)
			if _, err := runner.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		text = "{"
		if _, err := runner.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return c.lines
}

// callbackLines are of a receiver whose run is over.
func callbackLines(t *testing.T) []string {
	t.Helper()
	c := new(console)
	synctest.Test(t, func(t *testing.T) {
		hosts, err := callback.ParseHosts("logic.azure.com")
		if err != nil {
			t.Fatal(err)
		}
		service := callback.New(callback.Config{
			Store: lease.NewMemory(), Policy: callback.Policy{Hosts: hosts}, Logger: slog.New(hostlog.New(c, c, nil)),
			Outcome: func(context.Context, callback.Operation) (callback.Outcome, error) {
				return callback.Outcome{Ended: true, Body: []byte("{}")}, nil
			},
			Send: func(context.Context, callback.URL, []byte) callback.Result { return callback.Result{Status: 410} },
		})
		url, err := service.Check("https://prod-1.logic.azure.com/run?sig=s3cret")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service.Register(t.Context(), callback.Registration{Model: modelOfLines.String(), Operation: callback.Operation{ID: "op"}, URL: url}); err != nil {
			t.Fatal(err)
		}
		if _, err := service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // the second caller waits
		synctest.Wait()
	})
	return c.lines
}
