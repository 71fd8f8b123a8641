package refresh

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"pbirefresh/lease"
)

// Limits of the coordinator. See the package doc for what they protect.
const (
	callerWait    = 45 * time.Second       // a caller's request waits so long from its arrival, for its turn and for the lease
	answerLimit   = 55 * time.Second       // a caller has an answer by then, also if the storage is slow to save its request
	handOver      = 2 * time.Second        // a call to Power BI keeps the lease this long
	advanceLimit  = 3 * time.Second        // a status request waits this long for the step that it set off
	readInterval  = 250 * time.Millisecond // between two reads of one model's document by this process
	enterLimit    = 20 * time.Second       // one try to enter a section
	sectionLimit  = 40 * time.Second       // a section's I/O ends by then, whatever happens
	finishedCache = 4096                   // finished operations that are remembered
)

// The invariants of the wait; none of these lines compiles if its difference is negative.
// A caller outlives any lease that a dead holder left, and is answered within the minute
// that Data Factory's WebHook activity allows (documented).
const (
	_ = uint64(callerWait - lease.Outlast)
	_ = uint64(answerLimit - callerWait - handOver - 2*handOver)
	_ = uint64(time.Minute - answerLimit - handOver)
)

// Config is what a Coordinator needs. All of it is required but Logger and the
// three that are told of something.
type Config struct {
	Store    lease.Store
	Upstream Upstream
	Key      func(context.Context) ([]byte, error) // of the HMAC that seals ids; see [StatusKey]
	Rules    Rules
	Logger   *slog.Logger
	LogWords bool // whether Power BI's own words go to the log: they may name people and data
	// Ended is told, at most once for each time, that an operation of a model or a
	// caller's share of one has ended and that this is saved; may be nil. It returns at
	// once.
	Ended func(Model)
	// Seen is shown every state that this process reads under a lease or saves; may be
	// nil. It returns at once and changes nothing.
	Seen func(State)
	// Leaving is asked before an operation that has ended leaves the state document; may
	// be nil. With an error it stays, and Leaving is asked again.
	Leaving func(ctx context.Context, m Model, epoch string, op Operation) error
}

// Coordinator carries out what the state machine decides, for any number of
// models, next to any number of coordinators in other processes. It is safe for
// concurrent use.
type Coordinator struct {
	Config
	mu       sync.Mutex
	queues   remembered[*queue]
	readers  remembered[*reader]
	watchers remembered[*watcher]
	finished *finishedViews
	leases   endlessLeases
}

// New returns a coordinator. It does no I/O.
func New(cfg Config) *Coordinator {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Coordinator{Config: cfg, finished: newFinishedViews(finishedCache)}
}

// Request is a caller's request, validated.
type Request struct {
	Model Model
	Ask   Ask
	Key   Key // zero: each time it arrives it is another request
	// Admitted is told which operation the request has, as soon as that is saved and
	// while Power BI is being asked; may be nil. Trigger returns after it, and with its
	// error.
	Admitted func(ctx context.Context, epoch string, number int64) error
}

// Receipt is what a caller holds: the id of its operation, and how it stands.
type Receipt struct {
	ID       string
	View     View
	Replayed bool // a request of the same key came first, and has the same id
}

// Trigger admits a caller and starts what can be started. When it returns
// without an error, the operation is saved and its id readable. It returns
// [*Refusal] where the request cannot be admitted; any other error means that
// nothing is promised, and the caller should come again.
//
// A request with a key that came before returns the operation that it was admitted
// to then, also after it has ended; [*Refusal] if it was another request.
//
// Trigger is detached from ctx: a caller that leaves cancels nothing for others. It
// waits longer than any lease lasts, and returns within a minute.
func (c *Coordinator) Trigger(ctx context.Context, r Request) (Receipt, error) {
	until := time.Now().Add(callerWait)
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	secret, err := c.Key(ctx)
	if err != nil {
		return Receipt{}, unavailable(err)
	}
	id, told := ID{Model: r.Model, Nonce: random(16)}, newNotice(ctx, r)
	a, repeated, err := answer{}, false, error(nil)
	if r.Key != (Key{}) {
		id.Nonce = r.Key.nonce(secret)
		a, repeated, err = c.bind(ctx, r, id.Nonce)
	}
	if err == nil && !repeated {
		a, err = c.arrive(ctx, r, id.Nonce, told, until)
	}
	if err != nil {
		return Receipt{}, err
	}
	id.Epoch, id.Number = a.epoch, a.number
	if err := told.wait(ctx, id.Epoch, id.Number); err != nil {
		return Receipt{}, err
	}
	return c.receipt(ctx, id, a, secret)
}

// receipt is what the caller of an admitted request gets.
func (c *Coordinator) receipt(ctx context.Context, id ID, a answer, secret []byte) (Receipt, error) {
	if a.view.Operation.Number == 0 {
		var err error
		if a.view, err = c.view(ctx, id); err != nil {
			return Receipt{}, err
		}
	}
	// A repeated request gets its id: the first one may hold it already.
	if f := a.view.Operation.Fault; f != nil && f.Code == CodeBusy && !a.repeated {
		return Receipt{}, &Refusal{Code: f.Code, Message: f.Message}
	}
	sealed, err := id.Seal(secret)
	return Receipt{ID: sealed, View: a.view, Replayed: a.repeated}, err
}

// bind claims the request's key, and finds what became of an earlier request of it.
func (c *Coordinator) bind(ctx context.Context, r Request, nonce string) (answer, bool, error) {
	if !r.Key.valid() {
		return answer{}, false, errors.New("refresh: the key was not made by NewKey")
	}
	before, err := c.claim(ctx, r.Key)
	if err != nil || !before {
		return answer{}, false, err
	}
	return c.repeat(ctx, r, nonce)
}

// arrive lets the state machine admit a caller.
func (c *Coordinator) arrive(ctx context.Context, r Request, nonce string, told *notice, until time.Time) (answer, error) {
	job := newJob(until, func(at At) Event { return Arrive{At: at, Nonce: nonce, Key: r.Key, Ask: r.Ask} })
	job.nonce, job.ask, job.key, job.told = nonce, &r.Ask, r.Key, told
	return c.do(ctx, r.Model, job)
}

// Status shows the operation of an id, and moves its model forward if its next
// step is due. It returns ErrBadID for an id that is not ours, and a [*Refusal]
// with CodeNotFound for one whose operation is not kept any more.
func (c *Coordinator) Status(ctx context.Context, sealed string) (Receipt, error) {
	id, err := c.open(ctx, sealed)
	if err != nil {
		return Receipt{}, err
	}
	if view, ok := c.finished.get(sealed); ok {
		return Receipt{ID: sealed, View: view}, nil
	}
	view, err := c.view(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	if view.Status.Terminal() {
		c.finished.put(sealed, view)
	}
	return Receipt{ID: sealed, View: view}, nil
}

// Cancel ends the caller's operation, or its share of it; force ends it for
// every caller. It returns a [*Refusal] that says why if it cannot be done.
func (c *Coordinator) Cancel(ctx context.Context, sealed string, force bool) (Receipt, error) {
	until := time.Now().Add(callerWait)
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	id, err := c.open(ctx, sealed)
	if err != nil {
		return Receipt{}, err
	}
	if view, ok := c.finished.get(sealed); ok {
		return Receipt{ID: sealed, View: view}, finishedAlready()
	}
	view, err := c.view(ctx, id)
	switch {
	case err != nil:
		return Receipt{}, err // of another epoch, or not kept any more
	case view.Status.Terminal():
		return Receipt{ID: sealed, View: view}, finishedAlready()
	}
	job := newJob(until, func(at At) Event {
		return CancelAsked{At: at, Epoch: id.Epoch, Number: id.Number, Nonce: id.Nonce, Force: force}
	})
	job.nonce = id.Nonce
	answer, err := c.do(ctx, id.Model, job)
	return Receipt{ID: sealed, View: answer.view}, err
}

// Advance takes the model's next step if it is due. It is what a status
// request, a trigger and the sweep have in common, and is safe to call at any
// time and from any process.
func (c *Coordinator) Advance(ctx context.Context, m Model) error {
	job := newJob(time.Now().Add(callerWait), nil)
	job.patient = false
	_, err := c.do(ctx, m, job)
	if errors.Is(err, errContended) {
		return nil // whoever holds the lease moves the model on
	}
	return err
}

func finishedAlready() error {
	return &Refusal{Code: CodeFinished, Message: "The operation has ended: there is nothing left to cancel."}
}

func (c *Coordinator) open(ctx context.Context, sealed string) (ID, error) {
	key, err := c.Key(ctx)
	if err != nil {
		return ID{}, unavailable(err)
	}
	return OpenID(sealed, key)
}

// do hands a job to the model's queue and waits for its answer. A job whose time is
// over while it waits for its turn is taken back; one that a section has taken is
// answered by it.
func (c *Coordinator) do(ctx context.Context, m Model, j *job) (answer, error) {
	q := c.queue(m)
	q.submit(j)
	over := time.NewTimer(time.Until(j.until))
	defer over.Stop()
	for {
		select {
		case a := <-j.done:
			return a, a.err
		case <-over.C:
			if q.withdraw(j) {
				return answer{}, q.contended()
			}
		case <-ctx.Done():
			return answer{}, unavailable(ctx.Err())
		}
	}
}

func (c *Coordinator) queue(m Model) *queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queues.get(m, func() *queue { return &queue{c: c, model: m, log: c.Logger.With("model", m.String())} })
}

// StateName is the name of the model's state document in the store.
func StateName(m Model) string { return statePrefix + m.String() + ".json" }

const statePrefix = "models/"
