package refresh

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// Pauses between two tries of what waits for the storage.
const (
	firstPause   = 25 * time.Millisecond
	longestPause = 400 * time.Millisecond
)

// job is one event that waits for the model's lease, and its caller.
type job struct {
	event   func(machine.At) machine.Event // nil: only the next step, if it is due
	nonce   string                         // names the caller in Admit and Refuse
	ask     *machine.Ask                   // set for arrivals: they may be served by a read alone
	key     machine.Key                    // set for arrivals that have one: only a write remembers it
	told    *notice                        // set for arrivals: whom to tell of the admission
	show    access                         // set for steps: the operation to answer with, if it is there
	patient bool                           // waits for the lease; an impatient one leaves the work to its holder
	since   time.Time
	until   time.Time // the end of its wait
	doubt   *doubt    // set after a write without an answer, which may have admitted it
	// The document knew the key before the job was fed; the section's own.
	repeated bool
	done     chan answer // buffered: nobody has to be listening
}

// answer is what a job's caller gets.
type answer struct {
	epoch  string
	number int64        // of the operation; 0: none
	view   machine.View // zero if the operation has left the document

	repeated bool // a request of the same key came first
	err      error
}

func newJob(until time.Time, event func(machine.At) machine.Event) *job {
	return &job{event: event, patient: true, since: time.Now(), until: until, done: make(chan answer, 1)}
}

// over reports whether the job waits no longer.
func (j *job) over() bool { return !time.Now().Before(j.until) }

// queue is everything that this process wants to do to one model, in order. One
// goroutine serves it while there is work: local callers share one lease and
// one write.
type queue struct {
	c     *Coordinator
	model machine.Model
	log   *slog.Logger

	mu      sync.Mutex
	jobs    []*job
	serving bool
	calls   map[string]bool // to Power BI that are under way without the lease
	stepDue time.Time       // the step that a status request last set off
	stepAt  time.Time
	heldBy  time.Time // when others were first met with the lease, since this process last had it
}

func (q *queue) submit(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
	if !q.serving {
		q.serving = true
		go q.serve()
	}
}

// withdraw takes a job back that no section has taken, and reports whether it did.
func (q *queue) withdraw(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.jobs, j)
	if i < 0 {
		return false
	}
	q.jobs = slices.Delete(q.jobs, i, i+1)
	return true
}

// serve runs sections until nothing waits any more.
func (q *queue) serve() {
	for q.more() {
		s := q.enter()
		if s == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), sectionLimit)
		q.section(ctx, s)
		s.Close(ctx)
		cancel()
	}
}

// more reports whether jobs wait, and ends the serving if none do.
func (q *queue) more() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serving = len(q.jobs) > 0
	return q.serving
}

func (q *queue) take() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	jobs := q.jobs
	q.jobs = nil
	return jobs
}

// enter gets the lease for the jobs that wait, each of them as long as it waits, or
// answers them all without it.
func (q *queue) enter() *lease.Section {
	for delay := firstPause; ; delay = min(2*delay, longestPause) {
		s, again := q.tryEnter()
		if s != nil || !q.waiting() {
			return s
		}
		if again {
			wait.For(context.Background(), delay/2+jitter(delay))
		}
	}
}

// tryEnter asks for the lease once. Without it, it answers the jobs that can or must be
// answered now, and reports whether a pause is due before the next try.
func (q *queue) tryEnter() (s *lease.Section, pause bool) {
	ctx, cancel := context.WithTimeout(context.Background(), enterLimit)
	defer cancel()
	before := time.Now()
	s, err := lease.Enter(ctx, q.c.cfg.Store, StateName(q.model))
	var held *lease.HeldError
	switch {
	case err == nil:
		q.entered()
		return s, false
	case errors.As(err, &held):
		q.met(held)
		q.shareFrom(held.Doc, before)
		q.dismiss(func(j *job) bool { return held.Doc.Endless || !j.patient || j.over() }, q.contended())
		return nil, true
	case errors.Is(err, lease.ErrNotFound):
		if err = q.create(ctx); err != nil && ctx.Err() == nil {
			q.dismiss(everyJob, unavailable(err))
		}
		return nil, false
	case errors.Is(err, lease.ErrUnknown), ctx.Err() != nil:
		// No answer says nothing about the storage: the callers have time for more tries.
		q.log.Warn("lease not acquired, trying again", "error", err)
		q.dismiss(func(j *job) bool { return !j.patient || j.over() }, unavailable(err))
		return nil, true
	}
	q.log.Warn("lease not acquired", "error", err)
	q.dismiss(everyJob, unavailable(err))
	return nil, false
}

// create makes the empty document of a model that is asked for the first time.
func (q *queue) create(ctx context.Context) error {
	s := machine.NewState(q.model, random(8))
	doc, err := s.Encode()
	if err != nil {
		return err
	}
	_, err = q.c.cfg.Store.Create(ctx, StateName(q.model), doc, lease.Meta{metaDue: never})
	if errors.Is(err, lease.ErrExists) || errors.Is(err, lease.ErrUnknown) {
		return nil // somebody made it, or the next Enter finds out
	}
	return err
}

// shareFrom serves arrivals from a read alone: callers who came before it was
// sent and can share an operation as it stands.
func (q *queue) shareFrom(doc lease.Document, sent time.Time) {
	s, err := q.c.decoded.of(q.model, doc.Body)
	if err != nil {
		return // the holder of the lease will meet it too, and say so
	}
	q.settleJobs(func(j *job) (answer, bool) {
		if j.ask == nil || j.since.After(sent) {
			return answer{}, false
		}
		if j.key != (machine.Key{}) {
			return repeatIn(s, j.key, j.nonce, doc.Date)
		}
		return share(s, *j.ask, doc.Date)
	})
}

// share answers an arrival from a state without changing it.
func share(s *machine.State, ask machine.Ask, now time.Time) (answer, bool) {
	number, ok := s.Join(ask, now)
	if !ok {
		return answer{}, false
	}
	op, _ := s.Find(number)
	return answer{epoch: s.Epoch, number: number, view: s.View(op, "", now)}, true
}

// settleJobs answers the waiting jobs for which f has an answer.
func (q *queue) settleJobs(f func(*job) (answer, bool)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.jobs[:0:0]
	for _, j := range q.jobs {
		if a, ok := f(j); ok {
			j.done <- a
		} else {
			kept = append(kept, j)
		}
	}
	q.jobs = kept
}

// dismiss answers the waiting jobs that match with an error.
func (q *queue) dismiss(match func(*job) bool, err error) {
	q.settleJobs(func(j *job) (answer, bool) { return answer{err: err}, match(j) })
}

func everyJob(*job) bool { return true }

func (q *queue) waiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs) > 0
}

// jitter is a random wait below limit, so that processes which met once do not meet
// again. It is drawn from crypto/rand, which a simulation can make repeatable.
func jitter(limit time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:])                                              // never fails: crypto/rand ends the process instead
	return time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(limit)) //nolint:gosec // below limit
}
