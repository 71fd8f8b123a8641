package funchost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// A timerStatus is what the host keeps of a timer with a monitor.
type timerStatus struct{ Last, Next, LastUpdated time.Time }

// atStart compares a recorded status with the schedule when the host starts. A
// changed schedule does not count as past due, but starts a new record.
func (s timerStatus) atStart(sch schedule, now time.Time) (timerStatus, bool) {
	if s.Next.IsZero() {
		return timerStatus{Next: sch.next(now), LastUpdated: now}, false
	}
	base := s.Last
	if base.IsZero() {
		base = s.LastUpdated
	}
	expected := sch.next(base)
	if expected.Equal(s.Next) {
		return s, now.After(s.Next)
	}
	if now.After(expected) {
		expected = sch.next(now)
	}
	return timerStatus{Next: expected, LastUpdated: now}, false
}

// A statusStore keeps statuses in memory and, with a path, in a file.
type statusStore struct {
	mu       sync.Mutex
	path     string
	statuses map[string]timerStatus
}

func openStatuses(path string) (*statusStore, error) {
	s := &statusStore{path: path, statuses: make(map[string]timerStatus)}
	if path == "" {
		return s, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &s.statuses)
	}
	if err != nil {
		return nil, fmt.Errorf("funchost: timer status in %s: %w", path, err)
	}
	return s, nil
}

// timerLocks holds the lock of each timer by status file and name.
var timerLocks sync.Map

// lock returns the lock of a timer, which one host of those with the same status
// file has: a channel that has room for one. The real host leases a blob for it.
func (s *statusStore) lock(name string) chan struct{} {
	if s.path == "" {
		return make(chan struct{}, 1)
	}
	lock, _ := timerLocks.LoadOrStore(s.path+"\x00"+name, make(chan struct{}, 1))
	return lock.(chan struct{}) //nolint:forcetypeassert // there are no others
}

func (s *statusStore) get(name string) timerStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statuses[name]
}

func (s *statusStore) set(name string, status timerStatus) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses[name] = status
	if s.path == "" {
		return nil
	}
	content, err := json.Marshal(s.statuses)
	if err != nil {
		return err
	}
	// By way of a second file: a host that dies meanwhile must not leave half.
	if err := os.WriteFile(s.path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(s.path+".new", s.path)
}

// checkStatus reports whether a timer is past due, and records its status.
func (h *Host) checkStatus(t *timer, now time.Time) bool {
	name := t.function.Name
	status, pastDue := h.statuses.get(name).atStart(t.function.Timer.schedule, now)
	h.saveStatus(name, status)
	return pastDue
}

func (h *Host) recordRun(t *timer, began time.Time) {
	next := t.function.Timer.schedule.next(began)
	h.saveStatus(t.function.Name, timerStatus{Last: began, Next: next, LastUpdated: began})
}

func (h *Host) saveStatus(name string, status timerStatus) {
	if err := h.statuses.set(name, status); err != nil {
		h.logger.Error("timer status not saved", "function", name, "error", err)
	}
}
