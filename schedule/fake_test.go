package schedule

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh"
)

// starter stands in for the coordinator: the same key, the same operation.
type starter struct {
	mu    sync.Mutex
	ops   map[string]time.Time // key to when it was first asked for
	last  map[string]time.Time // and last
	calls int
	fail  func(key string, call int) (landed bool, err error)
}

func newStarter() *starter {
	return &starter{ops: map[string]time.Time{}, last: map[string]time.Time{}}
}

func (s *starter) start(_ context.Context, key string, _ refresh.Request) (refresh.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	landed, err := true, error(nil)
	if s.fail != nil {
		landed, err = s.fail(key, s.calls)
	}
	if landed {
		if _, known := s.ops[key]; !known {
			s.ops[key] = time.Now()
		}
		s.last[key] = time.Now()
	}
	return refresh.Receipt{ID: "op " + key}, err
}

// slots are the keys that were started, without the model.
func (s *starter) slots() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, key := range slices.Sorted(maps.Keys(s.ops)) {
		list = append(list, strings.Join(strings.Split(key, "/")[1:3], " "))
	}
	return list
}

// scene is a store, a source and a starter that any number of runners share.
type scene struct {
	t      *testing.T
	memory *lease.Memory
	store  *leasetest.Faulty
	starts *starter
	text   string
	noFile error
	log    bytes.Buffer
	logMu  sync.Mutex
}

func newScene(t *testing.T, text string) *scene {
	t.Helper()
	memory := lease.NewMemory()
	return &scene{t: t, memory: memory, store: leasetest.NewFaulty(memory), starts: newStarter(), text: text}
}

func (s *scene) Write(b []byte) (int, error) {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	return s.log.Write(b)
}

func (s *scene) logged() string {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	return s.log.String()
}

func (s *scene) source(context.Context) ([]byte, error) {
	if s.noFile != nil {
		return nil, s.noFile
	}
	return []byte(s.text), nil
}

// runner is a new process.
func (s *scene) runner() *Runner {
	return New(Config{
		Store: s.store, Source: Source{Name: "test.json", Read: s.source}, Read: readRequest, Start: s.starts.start,
		Logger: slog.New(slog.NewTextHandler(s, nil)),
	})
}

func (s *scene) tick(r *Runner) Report {
	s.t.Helper()
	report, err := r.Tick(s.t.Context())
	if err != nil {
		s.t.Fatalf("%v: %v", time.Now(), err)
	}
	return report
}

// state is the progress document.
func (s *scene) state() State {
	s.t.Helper()
	doc, err := s.memory.Read(s.t.Context(), progressName)
	if err != nil {
		s.t.Fatal(err)
	}
	state, err := decodeState(doc.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return state
}

func (s *scene) wantSlots(want ...string) {
	s.t.Helper()
	if got := s.starts.slots(); !slices.Equal(got, want) {
		s.t.Errorf("started %q, want %q", got, want)
	}
}

// until sleeps, in virtual time, to a time of the day on which bubbles begin.
func until(clock string) {
	at, err := time.Parse("2006-01-02T15:04", "2000-01-01T"+clock)
	if err != nil {
		panic(err)
	}
	time.Sleep(time.Until(at))
}

var errGone = fs.ErrNotExist
