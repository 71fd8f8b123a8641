package callback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

const testModel = "f089354e-8366-4e18-aea3-4cb4a3a50b48/cfafbeb1-8037-4d0c-896e-a46fb27ff229"

// world is one store, the operations of a model, and receivers.
type world struct {
	t      *testing.T
	memory *lease.Memory
	log    *strings.Builder

	mu      sync.Mutex
	ended   map[string]bool // operations, by id
	outcome func() error    // of asking for one; nil: it is known
	answer  func(n int) Result
	slow    time.Duration // of every POST
	sent    []string      // URLs, in order
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, memory: lease.NewMemory(), log: &strings.Builder{}, ended: map[string]bool{}}
	w.answer = func(int) Result { return Result{Status: 200} }
	return w
}

// Write makes the world the sink of a log.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// service is one process on the store, or on another store in front of it.
func (w *world) service(stores ...lease.Store) *Service {
	store := lease.Store(w.memory)
	if len(stores) > 0 {
		store = stores[0]
	}
	return New(Config{Store: store, Policy: defaults(), Outcome: w.ask, Send: w.post, Logger: slog.New(slog.NewJSONHandler(w, nil))})
}

func (w *world) ask(_ context.Context, op Operation) (Outcome, error) {
	w.mu.Lock()
	ended, outcome := w.ended[op.ID], w.outcome
	w.mu.Unlock()
	if outcome != nil {
		if err := outcome(); err != nil {
			return Outcome{}, err
		}
	}
	if !ended {
		return Outcome{}, nil
	}
	return Outcome{Ended: true, Body: []byte(op.ID)}, nil
}

func (w *world) post(ctx context.Context, u URL, body []byte) Result {
	w.mu.Lock()
	w.sent = append(w.sent, u.Exact()+" "+string(body))
	n, answer, slow := len(w.sent), w.answer, w.slow
	w.mu.Unlock()
	select {
	case <-ctx.Done():
		return Result{Cause: "no time"}
	case <-time.After(slow):
	}
	return answer(n)
}

func (w *world) end(ids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		w.ended[id] = true
	}
}

// all returns what was posted, and posts how often.
func (w *world) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

func (w *world) posts() int { return len(w.all()) }

// wants registers the callback of an operation.
func wants(t *testing.T, id string) Registration {
	t.Helper()
	u := mustURL(t, defaults(), "https://prod.logic.azure.com/"+id+"?sig=S1gnatur3")
	return Registration{Model: testModel, Operation: Operation{ID: id, Caller: "nonce", Base: "https://app"}, URL: u}
}

func (r Registration) name() string { return recordName(r.Model, r.Operation, r.URL) }

func mustRegister(t *testing.T, s *Service, r Registration) Report {
	t.Helper()
	report, err := s.Register(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func mustSweep(t *testing.T, s *Service) SweepReport {
	t.Helper()
	report, err := s.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// record reads what is kept of a registration.
func (w *world) record(r Registration) record {
	w.t.Helper()
	doc, err := w.memory.Read(context.Background(), r.name())
	if err != nil {
		w.t.Fatal(err)
	}
	rec, err := decode(doc.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return rec
}

// wantRecord checks where a callback stands. A final one holds no secret.
func (w *world) wantRecord(r Registration, state State, attempts int) {
	w.t.Helper()
	rec := w.record(r)
	if rec.state != state || rec.attempts != attempts {
		w.t.Errorf("the callback of %s is %s after %d attempts, want %s after %d", r.Operation.ID, rec.state, rec.attempts, state, attempts)
	}
	doc, err := w.memory.Read(context.Background(), r.name())
	if err != nil {
		w.t.Fatal(err)
	}
	if text := fmt.Sprint(string(doc.Body), doc.Meta); state.final() && (strings.Contains(text, "S1gnatur3") || strings.Contains(text, r.Operation.ID)) {
		w.t.Errorf("the final record of %s holds %s, want no secret", r.Operation.ID, text)
	}
}

// bubble runs a test in virtual time and checks at the end that the log holds no
// secret.
func bubble(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	bubbleOf(t, f)
}

// bubbleOf is bubble for one of several cases.
func bubbleOf(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f(t, w)
		time.Sleep(2 * time.Minute) // what is left behind comes to its end
		synctest.Wait()
		for _, secret := range []string{"S1gnatur3", "sig=", "/op-", "op-1"} {
			if strings.Contains(w.logged(), secret) {
				t.Errorf("the log holds %q, want no secret:\n%s", secret, w.logged())
			}
		}
	})
}

// crowd is a store whose listing begins with records that are not stored.
type crowd struct {
	lease.Store
	entries []lease.Entry
}

// List implements lease.Store. The cursor of the crowd's pages is a number.
func (c *crowd) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	from, err := strconv.Atoi(cmp.Or(cursor, "0"))
	if err != nil || from >= len(c.entries) {
		return c.Store.List(ctx, prefix, strings.TrimPrefix(cursor, fmt.Sprint(len(c.entries))), limit)
	}
	to := min(from+limit, len(c.entries))
	return lease.Page{Entries: c.entries[from:to], Next: fmt.Sprint(to), Date: time.Now()}, nil
}

// add adds records of one state and operation, none of which is due.
func (c *crowd) add(n int, owner, model, operation string, state State) {
	rec := record{state: state, operation: Operation{ID: operation}, owner: ownerHash(owner), due: time.Now().Add(keepFor)}
	for range n {
		name := fmt.Sprintf("%s%s/%032x.json", prefix, model, len(c.entries))
		c.entries = append(c.entries, lease.Entry{Name: name, Meta: rec.meta()})
	}
}

// sweepFor sweeps as the timer does.
func sweepFor(t *testing.T, s *Service, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(30 * time.Second) {
		if _, err := s.Sweep(t.Context()); err != nil {
			t.Log(err)
		}
	}
}

var errDead = errors.New("the process is dead")

// mortal is a process that dies at one of its calls to the store or to a receiver, the
// nth of all. What it does afterwards has no effect.
type mortal struct {
	*leasetest.Faulty
	mu     sync.Mutex
	left   int
	landed bool // whether the last call still takes effect
	dead   bool
}

func newMortal(next lease.Store, calls int, landed bool) *mortal {
	m := &mortal{Faulty: leasetest.NewFaulty(next), left: calls, landed: landed}
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpCreate, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease, leasetest.OpDelete, leasetest.OpList} {
		m.On(op, func(call leasetest.Call) (bool, error) {
			lands, dies := m.call()
			switch {
			case !dies:
				return true, nil
			case call.Op == leasetest.OpCreate, call.Op == leasetest.OpWrite:
				return lands, fmt.Errorf("%w: %w", lease.ErrUnknown, errDead)
			}
			return lands, errDead
		})
	}
	return m
}

func (m *mortal) died() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// call counts one call: whether it takes effect, and whether its answer is lost.
func (m *mortal) call() (lands, dies bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return false, true
	}
	m.left--
	m.dead = m.left == 0
	return !m.dead || m.landed, m.dead
}
