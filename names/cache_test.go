package names

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/powerbi"
)

// fake is a Power BI with names.
type fake struct {
	mu        sync.Mutex
	workspace string
	models    []powerbi.Model
	noSpace   error
	noModels  error
	takes     time.Duration // a call
	calls     int           // of ListModels
	now, most int           // calls of Workspace at once
	panics    bool
}

func (f *fake) Workspace(ctx context.Context, _ string) (powerbi.Workspace, error) {
	f.mu.Lock()
	f.now++
	f.most = max(f.most, f.now)
	f.mu.Unlock()
	err := sleep(ctx, f.takes)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now--
	if f.panics {
		panic("a bug")
	}
	return powerbi.Workspace{Name: f.workspace}, errors.Join(err, f.noSpace)
}

func (f *fake) ListModels(ctx context.Context, _ string) ([]powerbi.Model, error) {
	err := sleep(ctx, f.takes)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	return f.models, errors.Join(err, f.noModels)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fake) change(by func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	by()
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func sales() *fake {
	return &fake{workspace: "Finance", models: []powerbi.Model{{ID: "M-Sales", Name: "Sales"}, {ID: "m-stock", Name: "Stock"}}}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// known returns the names without waiting.
func known(c *Cache, workspaceID, model string) (workspaceName, modelName string) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return c.Names(ended, workspaceID, model)
}

// want fails unless the cache answers with these names.
func want(t *testing.T, c *Cache, model, workspaceName, modelName string) {
	t.Helper()
	if w, m := c.Names(t.Context(), "W1", model); w != workspaceName || m != modelName {
		t.Errorf("got %q, %q, want %q, %q", w, m, workspaceName, modelName)
	}
}

func TestNamesAreReadOnceAndAgainAfterAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := sales()
		c := New(f, quiet())
		want(t, c, "m-sales", "Finance", "Sales")
		want(t, c, "M-STOCK", "Finance", "Stock")
		time.Sleep(freshFor - time.Second)
		want(t, c, "m-sales", "Finance", "Sales")
		if f.count() != 1 {
			t.Fatalf("got %d reads within the hour, want 1", f.count())
		}
		f.change(func() { f.models[0].Name, f.workspace = "Revenue", "Money" })
		time.Sleep(time.Second)
		want(t, c, "m-sales", "Finance", "Sales") // the old names at once; the new ones are read meanwhile
		synctest.Wait()
		want(t, c, "m-sales", "Money", "Revenue")
		if f.count() != 2 {
			t.Errorf("got %d reads, want 2", f.count())
		}
	})
}

func TestNamesNeverBlockForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := sales()
		f.takes = 10 * time.Second
		c := New(f, quiet())
		began := time.Now()
		if w, m := known(c, "w1", "m-sales"); w != "" || m != "" || time.Since(began) != 0 {
			t.Errorf("got %q, %q after %s, want nothing at once", w, m, time.Since(began))
		}
		want(t, c, "m-sales", "", "")
		if got := time.Since(began); got != patience {
			t.Errorf("waited %s, want %s", got, patience)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if c.Names(ended, "w1", "m-sales"); time.Since(began) != patience {
			t.Error("a caller whose time is over waits")
		}
		time.Sleep(20 * time.Second)
		if w, m := known(c, "w1", "m-sales"); w != "Finance" || m != "Sales" {
			t.Errorf("got %q, %q after the read, want the names", w, m)
		}
	})
}

func TestNamesOfARefusedRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := sales()
		f.noModels = errors.New("no right")
		c := New(f, quiet())
		want(t, c, "m-sales", "Finance", "")
		time.Sleep(retryAfter - time.Second)
		want(t, c, "m-sales", "Finance", "")
		if f.count() != 1 {
			t.Fatalf("got %d reads, want the failure remembered", f.count())
		}
		f.change(func() { f.noModels = nil })
		time.Sleep(time.Second)
		known(c, "w1", "m-sales")
		synctest.Wait()
		want(t, c, "m-sales", "Finance", "Sales")
		f.change(func() { f.noModels, f.noSpace, f.workspace, f.models = errors.New("down"), errors.New("down"), "", nil })
		time.Sleep(freshFor)
		known(c, "w1", "m-sales")
		synctest.Wait()
		want(t, c, "m-sales", "Finance", "Sales") // known names outlive a failed read
	})
}

func TestNamesOfANewModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := sales()
		c := New(f, quiet())
		want(t, c, "m-new", "Finance", "")
		f.change(func() { f.models = append(f.models, powerbi.Model{ID: "m-new", Name: "New\x1b[2J one"}) })
		time.Sleep(retryAfter - time.Second)
		want(t, c, "m-new", "Finance", "")
		if f.count() != 1 {
			t.Errorf("got %d reads, want 1", f.count())
		}
		time.Sleep(time.Second)
		known(c, "w1", "m-new")
		synctest.Wait()
		want(t, c, "m-new", "Finance", "New [2J one")
	})
}

func TestNamesReadFewAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := sales()
		f.takes = time.Second
		c := New(f, quiet())
		for i := range maxReading + 50 {
			known(c, fmt.Sprint("w", i), "m-sales")
			known(c, fmt.Sprint("w", i), "m-stock")
		}
		time.Sleep(time.Hour / 2)
		synctest.Wait()
		f.change(func() {
			if f.most != lanes || f.calls != maxReading {
				t.Errorf("got %d reads, %d at once, want %d, %d", f.calls, f.most, maxReading, lanes)
			}
		})
	})
}

func TestNamesAreBounded(t *testing.T) {
	t.Parallel()
	c := New(nil, quiet())
	for i := range maxWorkspaces + 1 {
		c.keep(fmt.Sprint(i), workspace{models: map[string]string{"m": "M"}}, time.Now())
	}
	if len(c.known) != 1 || c.models != 1 {
		t.Errorf("got %d workspaces and %d models after one too many, want 1 and 1", len(c.known), c.models)
	}
	big := workspace{models: map[string]string{}}
	for i := range maxModels / 10 {
		big.models[fmt.Sprint("model", i)] = "M"
	}
	for i := range 50 {
		c.keep(fmt.Sprint("big", i), big, time.Now())
		if c.models > maxModels {
			t.Fatalf("got %d models, want at most %d", c.models, maxModels)
		}
	}
	c.keep("big49", workspace{}, time.Now())
	sum := 0
	for _, w := range c.known {
		sum += len(w.models)
	}
	if sum != c.models {
		t.Errorf("the cache has %d models and counts %d", sum, c.models)
	}
	many := make([]powerbi.Model, maxModels+1)
	for i := range many {
		many[i].ID = fmt.Sprint(i)
	}
	many[0].Name = strings.Repeat("n", 2*maxName)
	if got := namesOf(many); len(got) != maxModels || len(got["0"]) > maxName+3 {
		t.Errorf("got %d names of one workspace, the first of %d characters", len(got), len(got["0"]))
	}
}

func TestNamesOutliveAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := sales()
		f.panics = true
		c := New(f, quiet())
		want(t, c, "m-sales", "", "")
		f.change(func() { f.panics = false })
		time.Sleep(retryAfter)
		known(c, "w1", "m-sales")
		synctest.Wait()
		want(t, c, "m-sales", "Finance", "Sales")
	})
}
