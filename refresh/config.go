package refresh

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// Config is what a Coordinator needs. All members are required, except those that may be
// nil or zero.
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
	// Evidence confirms before each DELETE that the refresh is this app's; nil: the
	// document alone decides, and who can write it can name any refresh.
	Evidence Evidence
	// Ended is called after an operation of a model, or a caller's share of one, has ended
	// and this is saved; may be nil. It returns at once.
	Ended func(machine.Model)
	// Seen is called with every state that this process reads under a lease or saves; may
	// be nil. It returns at once and changes nothing.
	Seen func(machine.State)
	// Leaving is called before an operation that has ended leaves the state document; may
	// be nil. After an error it stays, and Leaving is called again.
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

func (c *Coordinator) queue(m machine.Model) *queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queues.get(m, func() *queue { return &queue{c: c, model: m, log: c.cfg.Logger.With("model", m.String())} })
}
