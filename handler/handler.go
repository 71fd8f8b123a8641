package handler

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Refresher is what the routes ask for; [*refresh.Coordinator] is one.
type Refresher interface {
	Trigger(ctx context.Context, r refresh.Request) (refresh.Receipt, error)
	Status(ctx context.Context, l refresh.Link) (refresh.Receipt, error)
	Read(ctx context.Context, id refresh.ID) (refresh.Receipt, error)
	Wait(ctx context.Context, r refresh.Receipt) refresh.Receipt
	Open(ctx context.Context, l refresh.Link) (refresh.ID, error)
	Cancel(ctx context.Context, l refresh.Link) (refresh.Receipt, error)
	CancelAll(ctx context.Context, id refresh.ID) (refresh.Receipt, error)
	Sweep(ctx context.Context) (refresh.Report, error)
}

// Config is what the routes need. Refresher is required.
type Config struct {
	Refresher      Refresher
	Callbacks      Callbacks     // nil: none are promised
	Schedules      Schedules     // nil: no such routes
	History        History       // nil: no such route
	Models         Models        // nil: no such route
	Doctor         Examine       // nil: no such route
	BaseURL        string        // of status URLs, such as https://app.azurewebsites.net; empty: this machine only
	Hosts          Hosts         // further hosts whose callers get status URLs with the host that they used
	DefaultTimeout time.Duration // deadline of a request that names none; 0: 12 h
	ExtraOptions   []string      // options of a newer API version that are let through
	MaxWait        time.Duration // longest that a request with Prefer: wait is held back
	StatusKeyed    bool          // status URLs want a key: the route that needs none is closed
	Allowed        Allowed       // models that may be asked for; empty: all
	Guard          Guard         // who may ask for what, and how often
	Names          Names         // of models and workspaces; nil: none are known
	Audit          Auditor       // keeps who asked for what; nil: nobody does
	Checks         []Check       // of the dependencies, for readiness
	Version        string        // of the program
	Logger         *slog.Logger  // nil: silent
}

// Names returns the names of a model and its workspace, as far as they are known, without
// waiting for them.
type Names func(ctx context.Context, m machine.Model) (workspace, model string)

// maxBody is the largest request body. A request that names every table of a
// large model fits.
const maxBody = 64 << 10

type server struct {
	Config
	guard    *guard
	parsing  chan struct{} // a place for each body that is being parsed
	refusals *limiter      // of records about refusals, by caller
	walks    *limiter      // of the doctor, for the process
	log      *slog.Logger
}

// endpoint is one method of one path.
type endpoint struct {
	method, path string
	serve        route
}

func (s *server) endpoints() []endpoint {
	endpoints := []endpoint{
		{http.MethodPost, "/api/refreshes", s.trusted(s.trigger)},
		{http.MethodGet, "/api/refreshes/{id}", s.trusted(s.status)},
		{http.MethodGet, "/api/operations/{id}", s.keyed(s.trusted(s.operation))},
		{http.MethodPost, "/api/operations/{id}/cancel", s.trusted(s.cancel)},
		{http.MethodDelete, "/api/operations/{id}/cancel", s.trusted(s.cancel)},
		{http.MethodPost, "/api/operations/{id}/cancel-all", s.trusted(s.cancelAll)},
		{http.MethodPost, "/api/operations/{id}/cancel-for-all", s.trusted(s.cancelForAll)},
		{http.MethodPost, "/api/operations/{id}/rerun", s.trusted(s.rerun)},
		{http.MethodGet, "/api/health", s.health},
		{http.MethodGet, "/api/health/ready", s.keyed(s.ready)},
		{http.MethodGet, "/api/openapi.json", s.openAPI},
		{http.MethodGet, "/api/dashboard", s.dashboard},
		{http.MethodPost, "/RefreshSweep", s.timer(s.sweep)},
	}
	if s.Schedules != nil {
		endpoints = append(endpoints,
			endpoint{http.MethodGet, "/api/schedules", s.keyed(s.trusted(s.schedules))},
			endpoint{http.MethodPost, "/RefreshSchedule", s.timer(s.tick)})
	}
	if s.History != nil {
		endpoints = append(endpoints, endpoint{http.MethodGet, "/api/operations", s.keyed(s.trusted(s.operations))})
	}
	if s.Models != nil {
		endpoints = append(endpoints, endpoint{http.MethodGet, "/api/models", s.keyed(s.trusted(s.models))})
	}
	if s.Doctor != nil {
		endpoints = append(endpoints, endpoint{http.MethodGet, "/api/doctor", s.keyed(s.examine)})
	}
	return endpoints
}

// New returns the routes.
func New(cfg Config) http.Handler {
	s := newServer(cfg)
	return s.newRoutes(s.endpoints())
}

// Broken returns routes that answer every call with 503 and the cause. A process
// with wrong settings must stay up: one that exits is restarted by the host in a
// hot loop, and after the third time takes the whole host down. The doctor's route remains:
// it lists what is wrong.
func Broken(cause string, cfg Config) http.Handler {
	s := newServer(cfg)
	t := s.newRoutes(nil)
	if cfg.Doctor != nil {
		t = s.newRoutes([]endpoint{{http.MethodGet, "/api/doctor", s.keyed(s.examine)}})
	}
	t.unknown = s.answering("/", func(http.ResponseWriter, *http.Request) error {
		return &Error{Status: http.StatusServiceUnavailable, Code: "SettingsInvalid", Message: cause, RetryAfter: time.Minute}
	})
	return t
}

func newServer(cfg Config) *server {
	cfg.DefaultTimeout = cmp.Or(cfg.DefaultTimeout, 12*time.Hour)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &server{Config: cfg, guard: newGuard(cfg.Guard), log: cfg.Logger,
		parsing: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), refusals: newLimiter(refusalRecords), walks: newLimiter(doctorRate)}
}

// probe answers the host's readiness probe, every 25 ms while starting and again
// with each health check: cheap, and not logged.
func probe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "0") // net/http adds none to the answer to a HEAD
	w.WriteHeader(http.StatusOK)
}

func (s *server) unknown(_ http.ResponseWriter, r *http.Request) error {
	return &Error{Status: http.StatusNotFound, Code: "RouteNotFound",
		Message: "There is no " + r.Method + " route of that path. GET /api/openapi.json describes all there are."}
}

// notAllowed answers the other methods of a path, OPTIONS included: what a browser
// asks before it calls (CORS) is answered by the platform.
func notAllowed(allow string) route {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allow)
		return &Error{Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "The path takes " + allow + ", not " + r.Method + "."}
	}
}
