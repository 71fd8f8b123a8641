//go:build chaos

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/internal/wait"
	"pbirefresh/local/funchost"
	"pbirefresh/local/sim"
)

// fleet is all hosts of one run.
type fleet struct {
	members []*member
	web     *http.Client
}

// member is one place in the fleet. Its host is replaced when it has counted three
// crashes of its handler and stopped.
type member struct {
	t        *testing.T
	name     string
	world    *sim.World
	settings map[string]string
	kept     *evidence
	web      *http.Client

	busy  sync.Mutex // held by who kills, pauses or replaces
	kills int        // of the present host's handlers; guarded by busy

	mu  sync.Mutex
	now *app // guarded by mu
}

func newFleet(t *testing.T, world *sim.World, settings map[string]string, kept *evidence) *fleet {
	t.Helper()
	f := &fleet{web: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(f.web.CloseIdleConnections)
	for i := range chaosHosts {
		m := &member{t: t, name: fmt.Sprintf("host%d", i), world: world, settings: settings, kept: kept, web: f.web}
		if err := m.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.app().close() })
		f.members = append(f.members, m)
	}
	for _, m := range f.members {
		if err := m.ready(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// any is the app of a random member. It may be called concurrently, unlike d.
func (f *fleet) any(d *rand.Rand) *app {
	anyLock.Lock()
	defer anyLock.Unlock()
	return f.members[d.IntN(len(f.members))].app()
}

var anyLock sync.Mutex // of whatever dice are shared

// start gives the member a new host.
func (m *member) start(ctx context.Context) error {
	a := &app{t: m.t, world: m.world}
	env := m.world.Env()
	for name, value := range m.settings {
		env[name] = value
	}
	host, err := funchost.Start(ctx, funchost.Options{
		Root: dist, Env: env, Environ: os.Environ(), ShutdownTimeout: 100 * time.Millisecond,
		OnLine: func(l funchost.Line) {
			a.heard(l.Text)
			m.kept.write(fmt.Sprintf("%s pid %d %s", m.name, l.PID, l.Text))
		},
	})
	if err != nil {
		return err
	}
	a.host = host
	a.client = &handler.Client{BaseURL: host.URL(), Key: host.FunctionKey(), HTTP: m.web}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.kills = a, 0
	return nil
}

func (m *member) app() *app {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *member) ready(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return m.app().host.WaitReady(ctx)
}

// kill kills the handler. The host starts another one twice, and stops at the
// third crash: then a new host takes its place, as the platform would have it.
func (m *member) kill(ctx context.Context) error {
	old := m.app()
	m.kept.write(fmt.Sprintf("%s pid %d is killed", m.name, old.host.HandlerPID()))
	if err := old.host.KillHandler(); err != nil {
		return err
	}
	if m.kills++; m.kills < 3 {
		return nil
	}
	<-old.host.Done()
	if err := old.host.Err(); !errors.Is(err, funchost.ErrRestarts) {
		return fmt.Errorf("%s stopped: %w", m.name, err)
	}
	old.close()
	return m.start(ctx)
}

// crashed returns an error if the process ended and the test did not end it.
func (m *member) crashed() error {
	a := m.app()
	if err := a.host.Err(); err != nil {
		return fmt.Errorf("%s stopped by itself: %w", m.name, err)
	}
	if log := a.log(); strings.Contains(log, "panic:") || strings.Contains(log, "fatal error:") {
		return fmt.Errorf("%s: the handler crashed", m.name)
	}
	return nil
}

// killAtRandom kills the handler of one host after the other until ctx ends.
func (c *chaos) killAtRandom(ctx context.Context, d *rand.Rand) {
	for wait.For(ctx, between(d, time.Second, 5*time.Second)) {
		m := c.fleet.members[d.IntN(chaosHosts)]
		if !m.busy.TryLock() {
			continue
		}
		if m.ready(ctx, 10*time.Second) == nil && ctx.Err() == nil {
			if err := m.kill(c.t.Context()); err != nil {
				c.t.Error(err)
			}
			c.tally.kills.Add(1)
		}
		m.busy.Unlock()
	}
}

// pauseAtRandom stops one process at a time for longer than its lease lasts.
func (c *chaos) pauseAtRandom(ctx context.Context, d *rand.Rand) {
	for wait.For(ctx, between(d, time.Second, 4*time.Second)) {
		m := c.fleet.members[d.IntN(chaosHosts)]
		m.busy.Lock()
		if m.ready(ctx, 10*time.Second) == nil && ctx.Err() == nil {
			c.pause(m, between(d, 21*time.Second, 26*time.Second))
		}
		m.busy.Unlock()
	}
}

// pause lasts its full time even when the storm ends: a process that wakes up
// late is what it is about.
func (c *chaos) pause(m *member, d time.Duration) {
	pid := m.app().host.HandlerPID()
	if !canPause || freeze(pid) != nil {
		return
	}
	m.kept.write(fmt.Sprintf("%s pid %d is paused for %s", m.name, pid, d))
	wait.For(c.t.Context(), d)
	if err := thaw(pid); err != nil {
		c.t.Errorf("%s does not wake up: %v", m.name, err)
	}
	m.kept.write(fmt.Sprintf("%s pid %d wakes up", m.name, pid))
	c.tally.pauses.Add(1)
}
