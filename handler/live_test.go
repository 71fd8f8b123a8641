package handler

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// upstream is a Power BI that runs every refresh for a while. It can be away.
type upstream struct {
	length time.Duration
	ends   machine.RowState

	mu      sync.Mutex
	away    *machine.Fault // of every look, if set
	rows    []machine.Row  // oldest first; End is when they end
	looks   int
	deletes int
}

func (u *upstream) Warm(context.Context) error { return nil }

func (u *upstream) Post(_ context.Context, _ machine.Model, p machine.Post, _ time.Time) machine.Answer {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.away != nil {
		return machine.Answer{Kind: machine.Throttled, RetryAfter: 2 * time.Minute, Fault: u.away}
	}
	id := fmt.Sprintf("r%d", len(u.rows)+1)
	u.rows = append(u.rows, machine.Row{ID: id, Type: "ViaEnhancedApi", Start: time.Now(), End: time.Now().Add(u.length)})
	return machine.Answer{Kind: machine.Accepted, RefreshID: id, Sent: machine.Enhanced}
}

func (u *upstream) Look(_ context.Context, _ machine.Model, l machine.Look) refresh.Observation {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.looks++
	if u.away != nil {
		return refresh.Observation{Err: u.away, RetryAfter: 10 * time.Minute}
	}
	s := refresh.Observation{Date: time.Now().Truncate(time.Second)}
	for i := len(u.rows) - 1; i >= 0; i-- {
		row := u.rows[i]
		if time.Now().Before(row.End) {
			row.State, row.Word, row.End = machine.RowInProgress, "Unknown", time.Time{}
		} else if row.State == "" {
			row.State, row.Word = u.ends, string(u.ends)
		}
		if row.State == machine.RowFailed {
			row.Fault = &machine.Fault{Code: machine.CodeRefreshFailed, Message: "the credentials were refused", Class: "credentials", Detail: "Login failed."}
		}
		if row.ID == l.RefreshID {
			return refresh.Observation{Detail: true, Rows: []machine.Row{row}, Date: s.Date}
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func (u *upstream) Delete(_ context.Context, _ machine.Model, d machine.Delete) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.deletes++
	for i := range u.rows {
		if u.rows[i].ID == d.RefreshID && time.Now().Before(u.rows[i].End) {
			u.rows[i].End, u.rows[i].State, u.rows[i].Word = time.Now(), machine.RowCancelled, "Cancelled"
		}
	}
	return nil
}

// leaves sets whether Power BI answers.
func (u *upstream) leaves(f *machine.Fault) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.away = f
}

// live is the routes with a real coordinator behind them, in virtual time.
type live struct {
	*bench
	pbi   *upstream
	store lease.Store
}

func newLive(t *testing.T, length time.Duration, ends machine.RowState) *live {
	t.Helper()
	l := &live{bench: newBench(t), pbi: &upstream{length: length, ends: ends}, store: lease.NewMemory()}
	l.restart(l.store)
	return l
}

// restart replaces the process by a new one, on that store.
func (l *live) restart(store lease.Store) {
	c := refresh.New(refresh.Config{Store: store, Upstream: l.pbi, Keys: refresh.NewStatusKeys(store), Rules: machine.DefaultRules()})
	l.routes = New(Config{Refresher: c, BaseURL: testBase, MaxWait: 45 * time.Second, Version: "1.2.3"})
}

// accepted triggers a refresh of the whole model.
func (l *live) accepted(headers ...string) StatusDocument {
	l.t.Helper()
	return l.trigger(wholeModel(), headers...).is(http.StatusAccepted).document()
}

// look reads the status of an operation.
func (l *live) look(d StatusDocument, headers ...string) answer {
	l.t.Helper()
	return l.do(http.MethodGet, d.StatusURL[len(testBase):], "", headers...)
}

// rest lets what is left behind come to its end.
func rest() { time.Sleep(time.Hour) }
