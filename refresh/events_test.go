package refresh

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/internal/hostlog"
	"pbirefresh/lease"
	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// console keeps the lines as the Functions host would read them.
type console struct {
	mu    sync.Mutex
	lines []string
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, strings.TrimSpace(string(p)))
	return len(p), nil
}

// events are the lines of one event. Each must have what the catalogue promises,
// and nothing besides that an alert could mistake for a promise.
func (c *console) events(t *testing.T, name string) []map[string]any {
	t.Helper()
	i := slices.IndexFunc(hostlog.Events(), func(e hostlog.Event) bool { return e.Name == name })
	if i < 0 {
		t.Fatalf("%s is not in the catalogue", name)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []map[string]any
	for _, line := range c.lines {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if record[hostlog.EventKey] != name {
			continue
		}
		for _, attribute := range hostlog.Events()[i].Attributes {
			if _, ok := record[attribute]; !ok {
				t.Errorf("no %s in %s", attribute, line)
			}
		}
		found = append(found, record)
	}
	return found
}

func newLoggedCoordinator(store lease.Store, upstream Upstream) (*Coordinator, *console) {
	c := new(console)
	log := slog.New(hostlog.New(c, c, nil))
	return New(Config{Store: store, Upstream: upstream, Keys: NewStatusKeys(store), Rules: machine.DefaultRules(), Logger: log}), c
}

func TestEventOfAnEnd(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		power := &fakePowerBI{length: 90 * time.Second}
		c, log := newLoggedCoordinator(lease.NewMemory(), power)
		finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		power.onPost = func(machine.Post, func() string) machine.Answer {
			return machine.Answer{Kind: machine.Refused, Fault: &machine.Fault{Code: "Forbidden", Message: "no"}}
		}
		finish(t, c, mustTrigger(t, c, wholeModel()).Link())

		ended := log.events(t, hostlog.EventRefreshEnded)
		if len(ended) != 2 {
			t.Fatalf("%d ends are told, want 2: %v", len(ended), ended)
		}
		if ended[0]["status"] != "Succeeded" || ended[0]["seconds"].(float64) < 90 || ended[0]["model"] != testModel.String() {
			t.Errorf("success: %v", ended[0])
		}
		if ended[1]["status"] != "Failed" || ended[1]["code"] != "Forbidden" || ended[1]["level"] != "WARN" {
			t.Errorf("failure: %v", ended[1])
		}
	})
}

// TestPowerBIsWordsInTheLog: code and class are always logged, Power BI's words only if a
// setting says so.
func TestPowerBIsWordsInTheLog(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			power := &fakePowerBI{length: time.Minute}
			power.onPost = func(machine.Post, func() string) machine.Answer {
				return machine.Answer{Kind: machine.Refused, Fault: &machine.Fault{Code: "RefreshFailed", Class: "credentials", PowerBI: "X1", Message: "ours", Detail: "Login of ana failed"}}
			}
			c, log := newLoggedCoordinator(lease.NewMemory(), power)
			c.cfg.LogWords = on
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
			ended := log.events(t, hostlog.EventRefreshEnded)
			if len(ended) != 1 || ended[0]["code"] != "RefreshFailed" || ended[0]["class"] != "credentials" || ended[0]["powerbiCode"] != "X1" {
				t.Errorf("got %v, want code and class", ended)
			}
			if got := strings.Contains(strings.Join(log.lines, "\n"), "ana"); got != on {
				t.Errorf("setting %v: Power BI's words are in the log: %v", on, got)
			}
		})
	}
}

func TestEventOfThrottling(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		looks := 0
		power := &fakePowerBI{length: time.Minute}
		power.onPost = func(machine.Post, func() string) machine.Answer {
			return machine.Answer{Kind: machine.Throttled, RetryAfter: 30 * time.Second, Fault: &machine.Fault{Code: string(powerbi.CodeThrottled), Message: "slow down"}}
		}
		power.onLook = func() *machine.Fault {
			if looks++; looks == 1 {
				return &machine.Fault{Code: string(powerbi.CodeCapacityThrottled), Message: "slow down"}
			}
			return nil
		}
		c, log := newLoggedCoordinator(lease.NewMemory(), power)
		finish(t, c, mustTrigger(t, c, wholeModel()).Link())

		var calls []any
		for _, e := range log.events(t, hostlog.EventThrottled) {
			calls = append(calls, e["call"])
		}
		if !slices.Equal(calls, []any{"refresh", "look"}) {
			t.Errorf("throttled calls: %v", calls)
		}
	})
}

func TestEventOfASweep(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c, log := newLoggedCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Hour})
		mustTrigger(t, c, wholeModel())
		time.Sleep(2 * time.Minute)
		sweep(t, c)
		done := log.events(t, hostlog.EventSweepDone)
		if len(done) != 1 || done[0]["seen"] != 1.0 || done[0]["due"] != 1.0 || done[0]["complete"] != true {
			t.Errorf("%v", done)
		}
		if stuck := log.events(t, hostlog.EventRefreshStuck); len(stuck) != 0 {
			t.Errorf("two minutes are no reason to wake anybody: %v", stuck)
		}
	})
}

// Nobody polled and no sweep ran: the next sweep tells how long.
func TestEventOfAStepThatNobodyTook(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c, log := newLoggedCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Hour})
		mustTrigger(t, c, wholeModel())
		time.Sleep(3 * time.Hour)
		sweep(t, c)
		stuck := log.events(t, hostlog.EventRefreshStuck)
		if len(stuck) != 1 || stuck[0]["seconds"].(float64) < 2*3600 || stuck[0]["level"] != "WARN" {
			t.Errorf("%v", stuck)
		}
	})
}

// Power BI cannot be read, so that the operation cannot end: every step tells.
func TestEventOfAnOverdueOperation(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		power := &fakePowerBI{length: 10 * time.Hour}
		power.onLook = func() *machine.Fault { return &machine.Fault{Code: "Unavailable", Message: "no answer"} }
		c, log := newLoggedCoordinator(lease.NewMemory(), power)
		request := wholeModel()
		request.Ask.Timeout = time.Hour
		mustTrigger(t, c, request)
		for range 90 {
			time.Sleep(time.Minute)
			sweep(t, c)
		}
		stuck := log.events(t, hostlog.EventRefreshStuck)
		if len(stuck) == 0 {
			t.Fatal("half an hour past its deadline, and nothing is told")
		}
		for _, e := range stuck {
			if e["operation"] != 1.0 || e["phase"] != "running" || e["seconds"].(float64) < stuckAfter.Seconds() {
				t.Errorf("%v", e)
			}
		}
	})
}
