package refresh

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
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
	Keys     *StatusKeys // sign status URLs
	Rules    machine.Rules
	// LinkLife is how long after its end an operation can be read by its status URL, on
	// the storage service's clock; 0: 30 days.
	LinkLife time.Duration
	Logger   *slog.Logger
	LogWords bool // whether Power BI's own words go to the log: they may name people and data
	// Permits holds every POST and DELETE against the models that the app may change; nil:
	// all. Requests are held against it before; this is for documents that others wrote.
	Permits func(machine.Model) bool
	// Ended is told, at most once for each time, that an operation of a model or a
	// caller's share of one has ended and that this is saved; may be nil. It returns at
	// once.
	Ended func(machine.Model)
	// Seen is shown every state that this process reads under a lease or saves; may be
	// nil. It returns at once and changes nothing.
	Seen func(machine.State)
	// Leaving is asked before an operation that has ended leaves the state document; may
	// be nil. With an error it stays, and Leaving is asked again.
	Leaving func(ctx context.Context, m machine.Model, epoch string, op machine.Operation) error
}

// Coordinator carries out what the state machine decides, for any number of
// models, next to any number of coordinators in other processes. It is safe for
// concurrent use.
type Coordinator struct {
	cfg      Config
	mu       sync.Mutex
	queues   remembered[*queue]
	readers  remembered[*reader]
	watchers remembered[*watcher]
	finished *finishedViews
	decoded  decodedStates
	leases   endlessLeases
}

// New returns a coordinator. It does no I/O.
func New(cfg Config) *Coordinator {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.LinkLife = cmp.Or(cfg.LinkLife, DefaultLinkLife)
	return &Coordinator{cfg: cfg, finished: newFinishedViews(finishedCache)}
}

// Request is a caller's request, validated.
type Request struct {
	Model machine.Model
	Ask   machine.Ask
	Key   machine.Key // zero: each time it arrives it is another request
	// Owner names the caller among those who share the model's queue; empty: the request
	// counts towards no one's share. It is stored as a digest.
	Owner string
	// Admitted is told which operation the request has, as soon as that is saved and
	// while Power BI is being asked; may be nil. Trigger returns after it, and with its
	// error.
	Admitted func(ctx context.Context, epoch string, number int64) error
}

// DefaultLinkLife is how long a status URL is good after the end of its operation.
const DefaultLinkLife = 30 * 24 * time.Hour

// Receipt is what a caller holds: the id of its operation, the signature that gives
// access to it, and how it stands.
type Receipt struct {
	ID       string
	Sig      string // empty for who is no caller of the operation
	View     machine.View
	Replayed bool // a request of the same key came first, and has the same id and nonce

	access access
}

// Caller is the nonce that names the caller among those who share the operation. It is
// a secret as long as a status key signs.
func (r Receipt) Caller() string { return r.access.Nonce }

// Link is what the caller's status URL carries.
func (r Receipt) Link() Link { return Link{ID: r.ID, Sig: r.Sig} }

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
	keys, err := c.cfg.Keys.ring(ctx)
	if err != nil {
		return Receipt{}, unavailable(err)
	}
	id, told := access{ID: ID{Model: r.Model}, Nonce: random(16)}, newNotice(ctx, r)
	a, repeated, err := answer{}, false, error(nil)
	if r.Key != (machine.Key{}) {
		id.Nonce = r.Key.Nonce(keys.Root)
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
	return c.receipt(ctx, id, a)
}

// receipt is what the caller of an admitted request gets.
func (c *Coordinator) receipt(ctx context.Context, id access, a answer) (Receipt, error) {
	if a.view.Operation.Number == 0 {
		var err error
		if a.view, _, err = c.view(ctx, id); err != nil {
			return Receipt{}, err
		}
	}
	// A repeated request gets its id: the first one may hold it already.
	if f := a.view.Operation.Fault; f != nil && f.Code == machine.CodeBusy && !a.repeated {
		return Receipt{}, &Refusal{Code: f.Code, Message: f.Message}
	}
	if a.repeated && c.expired(a.view, c.cfg.Keys.now()) {
		return Receipt{}, &Refusal{Code: machine.CodeKeyReused, Message: keyExpired}
	}
	link, err := c.cfg.Keys.sign(ctx, id)
	return Receipt{ID: link.ID, Sig: link.Sig, View: a.view, Replayed: a.repeated, access: id}, err
}

// bind claims the request's key, and finds what became of an earlier request of it.
func (c *Coordinator) bind(ctx context.Context, r Request, nonce string) (answer, bool, error) {
	if !r.Key.Valid() {
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
	owner := machine.OwnerMark(r.Owner)
	job := newJob(until, func(at machine.At) machine.Event {
		return machine.Arrive{At: at, Nonce: nonce, Key: r.Key, Owner: owner, Ask: r.Ask}
	})
	job.nonce, job.ask, job.key, job.told = nonce, &r.Ask, r.Key, told
	return c.do(ctx, r.Model, job)
}

// Status shows the operation of a link, as its caller sees it, and moves its model
// forward if its next step is due. It returns ErrBadID for a link that was not signed
// here or has expired, and a [*Refusal] with CodeNotFound for one whose operation is
// not kept any more.
func (c *Coordinator) Status(ctx context.Context, l Link) (Receipt, error) {
	a, err := c.open(ctx, l)
	if err != nil {
		return Receipt{}, err
	}
	view, date, err := c.look(ctx, a)
	if err != nil {
		return Receipt{}, err
	}
	if c.expired(view, date) {
		return Receipt{}, ErrBadID
	}
	return Receipt{ID: l.ID, Sig: l.Sig, View: view, access: a}, nil
}

// expired reports whether links to an operation have ended.
func (c *Coordinator) expired(v machine.View, date time.Time) bool {
	end := v.Operation.Ended
	return !end.IsZero() && date.Sub(end) > c.cfg.LinkLife
}

// keyExpired: an idempotency key never outlives the status URL that it stands for.
const keyExpired = "The operation of this idempotency key ended so long ago that its status URL has ended, too. Send the request with a new key."

// Read shows an operation to somebody who has a right to it by other means than a
// link. It is Status otherwise.
func (c *Coordinator) Read(ctx context.Context, id ID) (Receipt, error) {
	a := access{ID: id}
	view, _, err := c.look(ctx, a)
	return Receipt{ID: id.String(), View: view, access: a}, err
}

// ReadAs shows an operation as the caller with a nonce sees it, with a new link. It is
// for who has kept the nonce, which [Receipt.Caller] returns.
func (c *Coordinator) ReadAs(ctx context.Context, id ID, nonce string) (Receipt, error) {
	a := access{ID: id, Nonce: nonce}
	view, _, err := c.look(ctx, a)
	if err != nil {
		return Receipt{}, err
	}
	link, err := c.cfg.Keys.sign(ctx, a)
	return Receipt{ID: link.ID, Sig: link.Sig, View: view, access: a}, err
}

// look returns how an operation stands, and the storage service's clock.
func (c *Coordinator) look(ctx context.Context, a access) (machine.View, time.Time, error) {
	if view, date, ok := c.finished.get(a); ok {
		return view, date, nil
	}
	view, date, err := c.view(ctx, a)
	if err == nil && view.Status.Terminal() {
		c.finished.put(a, view, date)
	}
	return view, date, err
}

// Cancel ends the operation of a link, or its caller's share of it. It returns a
// [*Refusal] that says why if it cannot be done.
func (c *Coordinator) Cancel(ctx context.Context, l Link) (Receipt, error) {
	until := time.Now().Add(callerWait)
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	r, err := c.Status(ctx, l)
	if err != nil {
		return Receipt{}, err // of another epoch, expired, or not kept any more
	}
	return c.cancel(ctx, until, r, r.access.Nonce, false)
}

// CancelAll ends an operation for every caller.
func (c *Coordinator) CancelAll(ctx context.Context, id ID) (Receipt, error) {
	until := time.Now().Add(callerWait)
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	r, err := c.Read(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	return c.cancel(ctx, until, r, random(16), true)
}

// cancel asks the state machine, and waits for its turn until then. The nonce names who
// asks.
func (c *Coordinator) cancel(ctx context.Context, until time.Time, r Receipt, nonce string, force bool) (Receipt, error) {
	if r.View.Status.Terminal() {
		return r, finishedAlready()
	}
	id := r.access.ID
	job := newJob(until, func(at machine.At) machine.Event {
		return machine.CancelAsked{At: at, Epoch: id.Epoch, Number: id.Number, Nonce: nonce, Force: force}
	})
	job.nonce = nonce
	answer, err := c.do(ctx, id.Model, job)
	r.View = answer.view
	return r, err
}

// Advance takes the model's next step if it is due. It is what a status
// request, a trigger and the sweep have in common, and is safe to call at any
// time and from any process.
func (c *Coordinator) Advance(ctx context.Context, m machine.Model) error {
	job := newJob(time.Now().Add(callerWait), nil)
	job.patient = false
	_, err := c.do(ctx, m, job)
	if errors.Is(err, errContended) {
		return nil // whoever holds the lease moves the model on
	}
	return err
}

func finishedAlready() error {
	return &Refusal{Code: machine.CodeFinished, Message: "The operation has ended: there is nothing left to cancel."}
}

// do hands a job to the model's queue and waits for its answer. A job whose time is
// over while it waits for its turn is taken back; one that a section has taken is
// answered by it.
func (c *Coordinator) do(ctx context.Context, m machine.Model, j *job) (answer, error) {
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

func (c *Coordinator) queue(m machine.Model) *queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queues.get(m, func() *queue { return &queue{c: c, model: m, log: c.cfg.Logger.With("model", m.String())} })
}

// StateName is the name of the model's state document in the store.
func StateName(m machine.Model) string { return statePrefix + m.String() + ".json" }

const statePrefix = "models/"
