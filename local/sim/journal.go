package sim

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// journalLimit bounds the memory of a long run; the oldest entries are dropped first.
const journalLimit = 20000

// The kinds of an [Entry].
const (
	KindRequest   = "request"  // an answered (or cut) HTTP request
	KindAccepted  = "accepted" // Power BI accepted a refresh
	KindDropped   = "dropped"  // Power BI accepted a refresh and dropped it
	KindStarted   = "started"  // a refresh began to run
	KindEnded     = "ended"    // a refresh ended
	KindControl   = "control"  // the control plane was used
	statusAborted = 0          // no answer was sent
)

// An Entry is one event. Times are of the simulator's clock. A refresh's start and end are recorded on the next read of
// the state, so Seq is the order of recording and Time the time of the event.
type Entry struct {
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`
	Service string    `json:"service,omitempty"`
	Op      Op        `json:"op,omitempty"`
	Method  string    `json:"method,omitempty"`
	Path    string    `json:"path,omitempty"`   // without the query
	Status  int       `json:"status,omitempty"` // 0: the connection was cut or the caller left
	Caller  string    `json:"caller,omitempty"` // application id of the token
	Agent   string    `json:"agent,omitempty"`  // User-Agent
	Fault   string    `json:"fault,omitempty"`
	Model   Ref       `json:"model,omitzero"`
	Refresh string    `json:"refresh,omitempty"` // refresh id
	Note    string    `json:"note,omitempty"`
}

// String is one line for a live timeline.
func (e Entry) String() string {
	parts := []string{e.Time.UTC().Format("15:04:05.000"), e.Kind}
	if e.Kind == KindRequest {
		parts = append(parts, e.Service, e.Method, e.Path, "->", fmt.Sprint(e.Status))
	}
	for _, p := range []struct{ label, value string }{
		{"model", e.Model.Model}, {"refresh", e.Refresh}, {"fault", e.Fault}, {"", e.Note},
	} {
		switch {
		case p.value == "":
		case p.label == "":
			parts = append(parts, p.value)
		default:
			parts = append(parts, p.label+"="+p.value)
		}
	}
	return strings.Join(parts, " ")
}

// A Journal records what the services received and did. It is safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	seq     int64
	entries []Entry
	unsent  []Entry
	subs    []func(Entry)

	sending sync.Mutex
}

// OnEvent calls fn for every later entry, in order, one at a time. fn may call back into the simulator.
func (j *Journal) OnEvent(fn func(Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.subs = append(j.subs, fn)
}

// Entries returns a copy of the entries that follow the given sequence number; 0 returns all that are kept.
func (j *Journal) Entries(after int64) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := []Entry{}
	for _, e := range j.entries {
		if e.Seq > after {
			list = append(list, e)
		}
	}
	return list
}

// Count returns how many kept requests of this kind of call got the given status; 0 counts requests without an answer.
func (j *Journal) Count(op Op, status int) int {
	n := 0
	for _, e := range j.Entries(0) {
		if e.Kind == KindRequest && e.Op == op && e.Status == status {
			n++
		}
	}
	return n
}

// record may be called with a service's lock held; publish must not.
func (j *Journal) record(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq = j.seq
	j.entries = append(j.entries, e)
	if len(j.entries) > journalLimit {
		j.entries = append([]Entry(nil), j.entries[journalLimit/10:]...)
	}
	if len(j.subs) > 0 {
		j.unsent = append(j.unsent, e)
	}
}

// publish hands unsent entries to the subscribers. The holder of sending delivers for all: the loop checks again
// after it unlocked, so an entry that was recorded in the meantime is delivered too.
func (j *Journal) publish() {
	for j.waiting() && j.sending.TryLock() {
		batch, subs := j.take()
		for _, e := range batch {
			for _, fn := range subs {
				fn(e)
			}
		}
		j.sending.Unlock()
	}
}

func (j *Journal) waiting() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.unsent) > 0
}

func (j *Journal) take() ([]Entry, []func(Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	batch := j.unsent
	j.unsent = nil
	return batch, append([]func(Entry){}, j.subs...)
}
