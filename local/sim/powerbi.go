package sim

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Ref names a workspace, or with both members a semantic model in it.
type Ref struct {
	Workspace string `json:"workspaceId,omitempty"`
	Model     string `json:"datasetId,omitempty"`
}

// Access is what the tenant allows service principals.
type Access string

// Sources of the answers: powerbi_errors.go.
const (
	AccessAllowed     Access = ""
	AccessSettingOff  Access = "setting-off"        // 403 "API is not accessible for application"
	AccessNotInGroup  Access = "not-in-group"       // 401 PowerBINotAuthorizedException
	AccessConditional Access = "conditional-access" // 401 insufficient_claims
)

// Audiences are the token audiences that Power BI accepts in the public cloud; unverified: that it accepts both.
func Audiences() []string {
	return []string{"https://analysis.windows.net/powerbi/api", "https://api.powerbi.com"}
}

// homeCluster is the back end in real answers.
const homeCluster = "https://wabi-sim-primary-redirect.analysis.windows.net/"

// PowerBI is the REST API in memory: an [http.Handler] and the Go methods that set it up. The state of a refresh is a
// function of the clock, evaluated on each read; there is no goroutine. Safe for concurrent use.
type PowerBI struct {
	*stage
	tokens    *Entra
	audiences []string
	mux       *http.ServeMux

	mu         sync.Mutex
	access     Access
	oldExpired bool
	workspaces map[string]*workspace
	throttles  map[Op]time.Time
	shown      map[string]string // capacity id -> state
	nextNumber int64
}

func newPowerBI(st *stage, tokens *Entra, audiences []string) *PowerBI {
	s := &PowerBI{
		stage: st, tokens: tokens, audiences: audiences, mux: http.NewServeMux(),
		workspaces: map[string]*workspace{}, throttles: map[Op]time.Time{}, shown: map[string]string{}, nextNumber: 937844000,
	}
	s.routes()
	return s
}

// route is one call of the API: the roles that may make it and what it does, with the lock held.
type route struct {
	op   Op
	need Role
	do   func(*PowerBI, request) Answer
}

func (s *PowerBI) routes() {
	const group = "/v1.0/myorg/groups/{group}"
	const dataset = group + "/datasets/{dataset}"
	for pattern, rt := range map[string]route{
		"POST " + dataset + "/refreshes":                     {OpStart, RoleContributor, (*PowerBI).start},
		"GET " + dataset + "/refreshes":                      {OpHistory, RoleContributor, (*PowerBI).history},
		"GET " + dataset + "/refreshes/{id}":                 {OpDetail, RoleContributor, (*PowerBI).detail},
		"DELETE " + dataset + "/refreshes/{id}":              {OpCancel, RoleContributor, (*PowerBI).cancel},
		"POST " + dataset + "/executeQueries":                {OpQuery, RoleContributor, (*PowerBI).query},
		"GET " + dataset + "/refreshSchedule":                {OpSchedule, RoleContributor, (*PowerBI).schedule},
		"GET " + dataset:                                     {OpDataset, RoleViewer, (*PowerBI).dataset},
		"POST /v1.0/myorg/datasets/{dataset}/executeQueries": {OpQuery, RoleContributor, (*PowerBI).query},
		"GET " + group + "/datasets":                         {OpDatasets, RoleViewer, (*PowerBI).datasets},
		"GET " + group:                                       {OpWorkspace, RoleViewer, (*PowerBI).workspace},
		"GET " + group + "/users":                            {OpUsers, RoleViewer, (*PowerBI).users},
		"POST " + group + "/users":                           {OpGrant, RoleAdmin, (*PowerBI).grant},
		"PUT " + group + "/users":                            {OpGrant, RoleAdmin, (*PowerBI).grant},
		"GET " + dataset + "/datasources":                    {OpDatasources, RoleContributor, (*PowerBI).datasources},
		"GET /v1.0/myorg/capacities":                         {OpCapacities, roleNone, (*PowerBI).capacities},
		"GET /v1.0/myorg/groups":                             {OpWorkspaces, roleNone, (*PowerBI).listWorkspaces},
		"/v1.0/myorg/datasets/{dataset}/{rest...}":           {OpOther, roleNone, outsideGroups},
		"/": {OpOther, roleNone, unknownPath},
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.handle(w, r, rt) })
	}
}

// ServeHTTP implements [http.Handler].
func (s *PowerBI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mux.ServeHTTP(withRequestID(w, s.newID(), s.now()), r)
}

// withRequestID sets the headers of every answer (seen: MicrosoftDocs/powerbi-docs#5067).
func withRequestID(w http.ResponseWriter, id string, now time.Time) http.ResponseWriter {
	for k, v := range map[string]string{
		"Cache-Control":                 "no-store, must-revalidate, no-cache",
		"Pragma":                        "no-cache",
		"Strict-Transport-Security":     "max-age=31536000; includeSubDomains",
		"X-Frame-Options":               "deny",
		"X-Content-Type-Options":        "nosniff",
		"Requestid":                     id,
		"Access-Control-Expose-Headers": "RequestId",
		"Request-Redirected":            "true",
		"Home-Cluster-Uri":              homeCluster,
		"Date":                          now.UTC().Format(http.TimeFormat),
	} {
		w.Header().Set(k, v)
	}
	return w
}

// request is the part of an HTTP request that the calls need, after authentication.
type request struct {
	*http.Request
	ref    Ref
	caller string
	body   json.RawMessage
	base   string    // scheme and host for links
	at     time.Time // when the service acts on it
	space  *workspace
	model  *model
}

func (s *PowerBI) handle(w http.ResponseWriter, r *http.Request, rt route) {
	req := request{
		Request: r,
		ref:     Ref{Workspace: r.PathValue("group"), Model: r.PathValue("dataset")},
		base:    "https://" + r.Host,
	}
	body, err := readBody(r)
	req.body = body
	c := call{service: "powerbi", op: rt.op, model: req.ref}
	c.do = func() Answer {
		if err != nil {
			return emptyAnswer(http.StatusBadRequest).noted("the body could not be read")
		}
		return s.locked(func() Answer { return s.judge(req, rt) })
	}
	if rt.op == OpStart {
		c.land = func(at time.Time) func() Answer { return s.landLater(req, rt, at) }
	}
	s.serve(w, r, c)
}

// locked runs fn with the lock held, on a state that is up to date before and after.
func (s *PowerBI) locked(fn func() Answer) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	defer s.advance()
	return fn()
}

// judge authenticates the caller, then runs the route.
func (s *PowerBI) judge(req request, rt route) Answer {
	if refusal := s.admit(&req, rt); refusal != nil {
		return refusal.by(req.caller)
	}
	req.at = s.now()
	return rt.do(s, req).by(req.caller)
}

// admit authenticates and authorizes the request, and returns an answer if it is rejected.
func (s *PowerBI) admit(req *request, rt route) *Answer {
	caller, refusal := s.authenticate(req.Request)
	req.caller = caller
	if refusal != nil {
		return refusal
	}
	if refusal := s.throttled(rt.op); refusal != nil {
		return refusal
	}
	return s.authorize(req, rt)
}

// landLater admits the request now and lets the service act on it at a later moment; see [Fault].Land.
func (s *PowerBI) landLater(req request, rt route, at time.Time) func() Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	if refusal := s.admit(&req, rt); refusal != nil {
		return func() Answer { return refusal.by(req.caller) }
	}
	f := &flight{at: at}
	f.land = func(at time.Time) Answer {
		req.at = at
		return rt.do(s, req).by(req.caller)
	}
	req.model.depart(f)
	return func() Answer {
		return s.locked(func() Answer {
			req.model.advance(f.at) // the timer that waited for it and the injected clock may disagree
			return f.answer
		})
	}
}

func outsideGroups(*PowerBI, request) Answer { return apiNotAccessible() }

func unknownPath(*PowerBI, request) Answer {
	return emptyAnswer(http.StatusNotFound).noted("no such path")
}
