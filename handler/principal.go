package handler

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"pbirefresh/access"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

// Guard is what a request to trigger or cancel passes before anything is done for it.
// The zero Guard lets every request pass that the host forwards.
type Guard struct {
	Gate      access.Gate
	PerCaller Rate // of triggers and cancels
	PerModel  Rate // of triggers
	FrontEnd  bool // requests come through the platform's front end, which appends to X-Forwarded-For
}

// guard is a Guard at work.
type guard struct {
	Guard
	callers, models *limiter
}

func newGuard(g Guard) *guard { return &guard{g, newLimiter(g.PerCaller), newLimiter(g.PerModel)} }

// enter returns who sends a request, unless it is one too many.
func (g *guard) enter(r *http.Request) (access.Caller, error) {
	caller, err := g.identify(r)
	if err != nil {
		return caller, err
	}
	if wait, ok := g.callers.take(caller.Owner(), time.Now()); !ok {
		return caller, limited("RATE_LIMIT_CALLER", g.PerCaller, wait)
	}
	return caller, nil
}

// identify returns who sends a request.
func (g *guard) identify(r *http.Request) (access.Caller, error) {
	caller, err := g.Gate.Identify(r.Header, r.URL.Query())
	if errors.Is(err, access.ErrKeys) {
		return caller, &Error{Status: http.StatusBadRequest, Code: "KeyRepeated", Target: "x-functions-key", err: err,
			Message: "The request has more than one function key in one place. Send one: in the header x-functions-key, or as code in the query."}
	}
	if err != nil {
		return caller, &Error{Status: http.StatusUnauthorized, Code: "PrincipalInvalid", err: err,
			Message: "App Service authentication is on, and yet the header X-MS-CLIENT-PRINCIPAL is not what it sends. Look at its configuration."}
	}
	return caller, nil
}

// keyed refuses a request that the host cannot have authorized for a route that needs a
// key: it has neither a key nor a principal. The key's value is the host's to check.
func (s *server) keyed(serve route) route {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := s.guard.identify(r)
		if err == nil && caller.Owner() == "" {
			err = &Error{Status: http.StatusUnauthorized, Code: "KeyRequired",
				Message: "This path needs a function key: send it in the header x-functions-key. Where the host checks none, as func start does, any value will do."}
		}
		if err != nil {
			return err
		}
		return serve(w, r)
	}
}

// admit holds a trigger against the policy and the model's limit.
func (g *guard) admit(r *http.Request, caller access.Caller, m machine.Model) error {
	if err := g.permit(r, caller, access.Trigger, m); err != nil {
		return err
	}
	if wait, ok := g.models.take(m.String(), time.Now()); !ok {
		return limited("RATE_LIMIT_MODEL", g.PerModel, wait)
	}
	return nil
}

// permit checks a caller against the policy. The log names the callers that it refuses.
func (g *guard) permit(r *http.Request, caller access.Caller, a access.Action, m machine.Model) error {
	if g.Gate.Permits(caller, a, m.WorkspaceID, m.DatasetID) {
		return nil
	}
	return &Error{Status: http.StatusForbidden, Code: "CallerNotAllowed",
		err:     fmt.Errorf("%s at %s may not %s %s", caller, or(g.address(r.Header), "an unknown address"), a, m),
		Message: "The policy (POLICY_FILE) does not let " + caller.String() + " " + string(a) + " refreshes of that model."}
}

// visible leaves of a listing the models for which the policy lets the caller do
// something: the listing has the status URLs of their refreshes, which are for few.
func (g *guard) visible(caller access.Caller, l schedule.Listing) schedule.Listing {
	if g.Gate.Policy == nil {
		return l
	}
	hidden := func(t schedule.Target) bool {
		return !slices.ContainsFunc(access.Actions(), func(a access.Action) bool {
			return g.Gate.Permits(caller, a, t.Model.WorkspaceID, t.Model.DatasetID)
		})
	}
	var entries []schedule.Listed
	for _, e := range l.Entries {
		if e.Targets = slices.DeleteFunc(slices.Clone(e.Targets), hidden); len(e.Targets) > 0 {
			entries = append(entries, e)
		}
	}
	l.Entries = entries
	return l
}

// address is where a request came from. App Service's front end appends it, with a port,
// to what the client sent (unverified; the last element is the only one that a client
// cannot choose). Without the front end the host forwards what the client wrote (seen), so
// the address is unknown.
func (g *guard) address(h http.Header) string {
	if !g.FrontEnd {
		return ""
	}
	all := strings.Join(h.Values("X-Forwarded-For"), ",")
	last := strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:])
	if a, err := netip.ParseAddrPort(last); err == nil {
		return a.Addr().WithZone("").String()
	}
	if a, err := netip.ParseAddr(last); err == nil {
		return a.WithZone("").String()
	}
	return ""
}
