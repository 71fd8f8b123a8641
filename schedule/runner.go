package schedule

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	progressName = "schedules/progress.json"

	startLimit = 18 * time.Second // the starts of a tick; with the rest well inside functionTimeout
	saveLimit  = 6 * time.Second
	atOnce     = 8 // targets that are started at the same time
)

// Config is what a Runner needs. All of it is required but Permits and Logger.
type Config struct {
	Store  lease.Store
	Source Source
	Read   RequestReader

	// Start asks for a refresh under a key: the same key always leads to the same
	// operation. A [*refresh.Refusal] is final unless its code is QueueFull or QueueShareUsed; after any other
	// error the slot is tried again. See [Keyed].
	Start func(ctx context.Context, key string, r refresh.Request) (refresh.Receipt, error)

	Permits func(machine.Model) bool // nil: all models
	Logger  *slog.Logger             // nil: silent
}

// Keyed makes a Start of a coordinator's Trigger. The key names the slot and not its
// options: an option that is changed while a slot is being started does not make it another
// slot.
func Keyed(trigger func(context.Context, refresh.Request) (refresh.Receipt, error)) func(context.Context, string, refresh.Request) (refresh.Receipt, error) {
	return func(ctx context.Context, key string, r refresh.Request) (refresh.Receipt, error) {
		r.Key = machine.NewKey("schedule", key, r.Model, machine.Ask{})
		return trigger(ctx, r)
	}
}

// Runner starts what is due, next to any number of runners in other processes. It is
// safe for concurrent use.
type Runner struct {
	cfg    Config
	loader *loader
	turn   chan struct{} // held by the tick that is at work

	// What this process remembers. Progress only goes forward, so a slot that was not due
	// by it is not due, whatever other processes did since.
	version string
	planned time.Time
	quiet   time.Duration // since then, in which nothing is due
}

// New returns a runner. It does no I/O.
func New(cfg Config) *Runner {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Runner{cfg: cfg, turn: make(chan struct{}, 1), loader: &loader{
		source: cfg.Source, store: cfg.Store, read: cfg.Read, log: cfg.Logger, turn: make(chan struct{}, 1),
	}}
}

// Report is what one tick did.
type Report struct {
	Busy    bool // another tick of this process is at work
	Entries int
	Started int // slots for which an operation exists
	Refused int
	Missed  int // slots given up
	Waiting int // slots that the next tick tries again
	Trouble *Trouble
}

// Tick starts what is due. It returns an error if the state storage could not be used:
// slots that were due are still due, and those already started are found by their keys.
func (r *Runner) Tick(ctx context.Context) (Report, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	default:
		return Report{Busy: true}, nil
	}
	use, err := r.loader.load(ctx)
	if err != nil || use.file == nil {
		return Report{Trouble: use.trouble}, err
	}
	report := Report{Entries: len(use.file.Entries), Trouble: use.trouble}
	if r.version == use.file.Version && r.stillQuiet() {
		return report, nil
	}
	r.version = ""
	r.planned = time.Now()
	state, now, err := r.progress(ctx)
	if err != nil {
		return report, err
	}
	return r.carryOut(ctx, use.file, state, now, report)
}

// carryOut starts what is due, then saves the results. After a crash in between, the next
// tick finds the same operations by their keys.
func (r *Runner) carryOut(ctx context.Context, f *File, state State, now time.Time, report Report) (Report, error) {
	state, changed := state.Adopt(f, now)
	plan := newPlan(f, state, now)
	done := r.start(ctx, plan, now, &report)
	if changed || len(done) > 0 {
		var err error
		if state, err = r.save(ctx, f, now, done); err != nil {
			return report, err
		}
		plan = newPlan(f, state, now)
	}
	r.version, r.quiet = f.Version, plan.Next.Sub(now)-time.Second // the store's clock has whole seconds
	if len(plan.Lanes) > 0 {
		r.quiet = 0
	}
	return report, nil
}

// stillQuiet measures on both local clocks: a suspended machine may stop the monotonic
// one, and an adjusted one may turn the wall clock back. An unnecessary read costs little.
func (r *Runner) stillQuiet() bool {
	wall := time.Now().Round(0).Sub(r.planned.Round(0))
	return max(wall, time.Since(r.planned)) < r.quiet
}

// progress reads the state, and the store's clock.
func (r *Runner) progress(ctx context.Context) (State, time.Time, error) {
	doc, err := r.cfg.Store.Read(ctx, progressName)
	if errors.Is(err, lease.ErrNotFound) {
		if _, err = r.cfg.Store.Create(ctx, progressName, []byte("{}"), nil); err == nil || errors.Is(err, lease.ErrExists) || errors.Is(err, lease.ErrUnknown) {
			doc, err = r.cfg.Store.Read(ctx, progressName)
		}
	}
	if err != nil {
		return State{}, time.Time{}, err
	}
	state, err := decodeState(doc.Body)
	return state, doc.Date, err
}

// save merges results into the progress document.
func (r *Runner) save(ctx context.Context, f *File, now time.Time, done []Done) (State, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	s, err := r.enter(ctx)
	if err != nil {
		return State{}, err
	}
	defer s.Close(ctx)
	state, err := decodeState(s.Doc().Body)
	if err != nil {
		return State{}, err
	}
	state, _ = state.Adopt(f, now)
	state = state.merge(done)
	if body, err := state.Encode(); err != nil || string(body) == string(s.Doc().Body) {
		return state, err // another process has said the same
	}
	state.Write = lease.NewID()
	body, err := state.Encode()
	if err != nil {
		return State{}, err
	}
	return state, s.Commit(ctx, body, nil, func(b []byte) bool {
		found, err := decodeState(b)
		return err == nil && found.Write == state.Write
	})
}

// enter waits for the lease as long as ctx lasts.
func (r *Runner) enter(ctx context.Context) (*lease.Section, error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		s, err := lease.Enter(ctx, r.cfg.Store, progressName)
		if !errors.Is(err, lease.ErrHeld) {
			return s, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, cmp.Or(err, ctx.Err())
		}
	}
}
