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

// Outcome is what an operation has come to, for its caller.
type Outcome struct {
	Ended bool
	Body  []byte // JSON, of the POST; nil while it goes on
}

// Config is what a Service needs. All of it is required but Logger.
type Config struct {
	Store lease.Store
	// Outcome tells how an operation stands. An error means that it cannot be known
	// now; an operation that is lost for good has ended.
	Outcome func(context.Context, Operation) (Outcome, error)
	// Send posts once; see [Sender.Send].
	Send   func(context.Context, URL, []byte) Result
	Policy Policy // of what may be registered
	Logger *slog.Logger
}

// Service keeps callbacks and sends them. It is safe for concurrent use, next to
// any number of services in other processes. Use [New].
type Service struct {
	Config
	prompt chan struct{} // slots of attempts that an operation's end sets off

	mu    sync.Mutex
	bells map[string]bool // models whose records are being listed; true: list once more
}

const promptAtOnce = 16

// New returns a service. It does no I/O.
func New(cfg Config) *Service {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{Config: cfg, prompt: make(chan struct{}, promptAtOnce), bells: map[string]bool{}}
}

// Check reads a URL and tells whether it may be registered: a [*Error] if not.
func (s *Service) Check(raw string) (URL, error) { return s.Policy.Check(raw) }

// Registration is a callback that a caller asks for.
type Registration struct {
	Model     string // workspaceId/datasetId, lower case
	Operation Operation
	URL       URL
}

// Report is how a callback stands, for its caller.
type Report struct {
	State      State `json:"state"`
	Attempts   int   `json:"attempts"`
	LastStatus int   `json:"lastStatus,omitempty"` // HTTP status of the last answer
}

// registerTries is how often a record is created, or looked for, that got no answer.
const registerTries = 4

// Register promises a callback: when it returns without an error, the record is
// saved. The same operation and URL are one callback, however often they are
// registered; the report is of that one.
func (s *Service) Register(ctx context.Context, r Registration) (Report, error) {
	name := Name(r.Model, r.Operation, r.URL)
	// Without a due time it is looked at by the next sweep: only that one knows
	// the store's clock.
	rec := Record{State: Waiting, URL: r.URL, Operation: r.Operation}
	body, meta, err := rec.encode()
	if err != nil {
		return Report{}, err
	}
	for range registerTries {
		_, err = s.Store.Create(ctx, name, body, meta)
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
	if rec.State == Waiting {
		// The operation may have ended before there was a record to find. Where all
		// are at work, the next sweep looks.
		select {
		case s.prompt <- struct{}{}:
			s.nudges(ctx, name)
		default:
		}
	}
	return Report{rec.State, rec.Attempts, rec.LastStatus}, nil
}

// find reads the record that a Create met, or perhaps made.
func (s *Service) find(ctx context.Context, name string, cause error) (Record, error) {
	doc, err := s.Store.Read(ctx, name)
	if errors.Is(err, lease.ErrNotFound) {
		return Record{}, cause
	}
	if err != nil {
		return Record{}, err
	}
	return decode(doc.Body)
}

// Ended says that an operation of the model has ended. It returns at once; the
// callbacks that wait for that are sent in the background.
func (s *Service) Ended(model string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, listing := s.bells[model]; listing {
		s.bells[model] = true
		return
	}
	s.bells[model] = false
	s.detached(context.Background(), func(ctx context.Context) {
		for first := true; first || s.rungAgain(model); first = false {
			s.ring(ctx, model)
		}
	})
}

// rungAgain reports whether an operation has ended since the listing began.
func (s *Service) rungAgain(model string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bells[model] {
		s.bells[model] = false
		return true
	}
	delete(s.bells, model)
	return false
}

// ring sets off the model's records that wait. What goes wrong here the sweep mends.
func (s *Service) ring(ctx context.Context, model string) {
	for cursor := ""; ; {
		page, err := s.Store.List(ctx, prefix+model+"/", cursor, pageSize)
		if err != nil {
			s.Logger.Warn("callbacks not listed; the sweep will find them", "model", model, "error", err)
			return
		}
		for _, e := range page.Entries {
			if mayWait(e.Meta) {
				s.prompt <- struct{}{} // callers decide how many there are
				s.nudges(ctx, e.Name)
			}
		}
		if cursor = page.Next; cursor == "" {
			return
		}
	}
}

// nudges takes the step of a record in the background, in a slot that the caller took.
func (s *Service) nudges(ctx context.Context, name string) {
	s.detached(ctx, func(ctx context.Context) {
		defer func() { <-s.prompt }()
		s.nudge(ctx, name)
	})
}

// detached runs f in the background. A panic ends f and not the process.
func (s *Service) detached(ctx context.Context, f func(context.Context)) {
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				s.Logger.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
			}
		}()
		f(ctx)
	}()
}
