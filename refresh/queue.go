package refresh

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"pbirefresh/refresh/machine"
)

// job is one event that waits for the model's lease, and its caller.
type job struct {
	event   func(machine.At) machine.Event // nil: only the next step, if it is due
	nonce   string                         // names the caller in Admit and Refuse
	ask     *machine.Ask                   // set for arrivals: they may be served by a read alone
	key     machine.Key                    // set for arrivals that have one: only a write remembers it
	made    time.Time                      // when this request made the key's claim; zero: an earlier one did
	told    *notice                        // set for arrivals: begins once the admission is saved
	show    access                         // set for steps: the operation to answer with, if it is there
	patient bool                           // waits for the lease; an impatient one leaves the work to its holder
	since   time.Time
	until   time.Time // the end of its wait
	doubt   *doubt    // set after a write without an answer, which may have admitted it
	// The document knew the key before the job was fed; the section's own.
	repeated bool
	done     chan answer // buffered: the sender does not wait for a receiver
}

// answer is what a job's caller gets.
type answer struct {
	epoch  string
	number int64        // of the operation; 0: none
	view   machine.View // zero if the operation has left the document

	repeated bool // a request of the same key came first
	pointed  bool // the pointer of the key is there
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
	streams streams         // of tickets
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

// doubt is a write without an answer that admits a job if it has landed.
type doubt struct {
	txn    string
	number int64 // of the operation
}

func (q *queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.serving && len(q.jobs) == 0 && len(q.calls) == 0
}

// ticket gives out the next ticket for a keyed request of a shape.
func (q *queue) ticket(shape machine.Shape) machine.Ticket {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.streams == nil {
		q.streams = streams{}
	}
	return q.streams.next(shape)
}
