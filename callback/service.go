package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"pbirefresh/lease"
)

// Outcome is how an operation ended, for its caller.
type Outcome struct {
	Ended bool
	Body  []byte // JSON, of the POST; nil before the end
}

// Config is what a Service needs. Only Logger is optional.
type Config struct {
	Store lease.Store
	// Outcome returns how an operation ended, if it has. An error means that this cannot be
	// known now. An operation whose state was deleted has ended.
	Outcome func(context.Context, Operation) (Outcome, error)
	// Send posts a body once; see [Sender.Send].
	Send   func(context.Context, URL, []byte) Result
	Policy Policy // of what may be registered
	Logger *slog.Logger
}

// Service stores callbacks and sends them. It is safe for concurrent use, beside any
// number of services in other processes. Use [New].
type Service struct {
	store   lease.Store
	outcome func(context.Context, Operation) (Outcome, error)
	send    func(context.Context, URL, []byte) Result
	policy  Policy
	log     *slog.Logger

	admitted admissions
	prompt   chan struct{} // places for steps that an operation's end causes

	mu      sync.Mutex
	listing map[string]bool // models whose records are being listed; true: list once more
}

const promptAtOnce = 16

// New returns a service. It does no I/O.
func New(cfg Config) *Service {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{
		store: cfg.Store, outcome: cfg.Outcome, send: cfg.Send, policy: cfg.Policy, log: cfg.Logger,
		prompt: make(chan struct{}, promptAtOnce), listing: map[string]bool{},
	}
}

// Check reads a URL. It returns an [*Error] if the URL may not be registered.
func (s *Service) Check(raw string) (URL, error) { return s.policy.Check(raw) }

// Registration is a callback that a caller asks for.
type Registration struct {
	Owner     string // as given to [Service.Admit]
	Model     string // workspaceId/datasetId, lower case
	Operation Operation
	URL       URL
}

// Report is the state of a callback, for its caller.
type Report struct {
	State      State `json:"state"`
	Attempts   int   `json:"attempts"`
	LastStatus int   `json:"lastStatus,omitempty"` // HTTP status of the last answer
}

// registerTries is how often a record is created, or read, that got no answer.
const registerTries = 4

// Register saves a callback: if it returns no error, the callback will be sent. The same
// operation and URL are one callback, however often they are registered. The report is of
// that one.
func (s *Service) Register(ctx context.Context, r Registration) (Report, error) {
	name := recordName(r.Model, r.Operation, r.URL)
	// Without a due time the next sweep takes its step: only that has the store's clock.
	created := record{state: Waiting, url: r.URL, operation: r.Operation, owner: ownerHash(r.Owner)}
	body, meta, err := created.encode()
	if err != nil {
		return Report{}, err
	}
	var rec record
	for range registerTries {
		rec = created
		_, err = s.store.Create(ctx, name, body, meta)
		if errors.Is(err, lease.ErrExists) || errors.Is(err, lease.ErrUnknown) {
			rec, err = s.find(ctx, name, err)
		}
		if !errors.Is(err, lease.ErrUnknown) {
			break
		}
	}
	if err != nil {
		return Report{}, fmt.Errorf("the callback is not saved: %w", err)
	}
	if rec.state == Waiting {
		// The operation may have ended before the record existed. If no place is free, the
		// next sweep takes the step.
		select {
		case s.prompt <- struct{}{}:
			s.wakeInBackground(ctx, name)
		default:
		}
	}
	return Report{rec.state, rec.attempts, rec.lastStatus}, nil
}

// find reads the record that a Create found, or may have made.
func (s *Service) find(ctx context.Context, name string, cause error) (record, error) {
	doc, err := s.store.Read(ctx, name)
	if errors.Is(err, lease.ErrNotFound) {
		return record{}, cause
	}
	if err != nil {
		return record{}, err
	}
	return decode(doc.Body)
}

// Ended reports that an operation of the model has ended. It returns at once. The model's
// callbacks that wait are sent in the background.
func (s *Service) Ended(model string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, running := s.listing[model]; running {
		s.listing[model] = true
		return
	}
	s.listing[model] = false
	s.detached(context.Background(), func(ctx context.Context) {
		for first := true; first || s.endedMeanwhile(model); first = false {
			s.wakeModel(ctx, model)
		}
	})
}

// endedMeanwhile reports whether another operation has ended since the listing began.
func (s *Service) endedMeanwhile(model string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listing[model] {
		s.listing[model] = false
		return true
	}
	delete(s.listing, model)
	return false
}

// wakeModel takes the steps of the model's records that wait, in turns of their owners. A
// failure is left to the sweep.
func (s *Service) wakeModel(ctx context.Context, model string) {
	for cursor := ""; ; {
		page, err := s.store.List(ctx, prefix+model+"/", cursor, pageSize)
		if err != nil {
			s.log.Warn("callbacks not listed; the sweep will find them", "model", model, "error", err)
			return
		}
		var waiting []dueRecord
		for _, e := range page.Entries {
			if mayWait(e.Meta) {
				waiting = append(waiting, entryOf(e))
			}
		}
		for _, r := range (turn{}).order(waiting) {
			s.prompt <- struct{}{} // there may be thousands
			s.wakeInBackground(ctx, r.name)
		}
		if cursor = page.Next; cursor == "" {
			return
		}
	}
}

// wakeInBackground takes the step of a record, in the place that its caller took.
func (s *Service) wakeInBackground(ctx context.Context, name string) {
	s.detached(ctx, func(ctx context.Context) {
		defer func() { <-s.prompt }()
		s.wake(ctx, name)
	})
}

// detached runs f in the background. A panic ends f and not the process.
func (s *Service) detached(ctx context.Context, f func(context.Context)) {
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				s.log.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
			}
		}()
		f(ctx)
	}()
}
