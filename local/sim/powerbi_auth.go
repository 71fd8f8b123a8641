package sim

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Role is a workspace role; a later one includes the earlier ones.
type Role int

// The workspace roles. Write on a model comes with Contributor (documented); unverified: that a refresh needs no more.
const (
	roleNone Role = iota
	RoleViewer
	RoleContributor
	RoleMember
	RoleAdmin
)

// maxBody bounds the memory for one request.
const maxBody = 1 << 20

func readBody(r *http.Request) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r.Body, maxBody))
}

// authenticate follows the measured matrix: a problem of the token is a 403 with an empty body.
func (s *PowerBI) authenticate(r *http.Request) (string, *Answer) {
	header := r.Header.Get("Authorization")
	if header == "" {
		a := emptyAnswer(http.StatusForbidden).noted("no Authorization header")
		return "", &a
	}
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || strings.Count(token, ".") != 2 {
		a := errorInfo(http.StatusForbidden, "InvalidToken")
		return "", &a
	}
	claims, err := s.tokens.verify(token)
	if err != nil || !slices.Contains(s.audiences, claims.Audience) {
		a := s.expired()
		return claims.AppID, &a
	}
	return claims.AppID, s.tenantSetting()
}

// expired: "well-formed but invalid JWT" was measured as TokenExpired; the documented older style has a body.
func (s *PowerBI) expired() Answer {
	if s.oldExpired {
		return tokenExpiredBody()
	}
	return errorInfo(http.StatusForbidden, "TokenExpired")
}

func (s *PowerBI) tenantSetting() *Answer {
	var a Answer
	switch s.access {
	case AccessAllowed:
		return nil
	case AccessSettingOff:
		a = apiNotAccessible()
	case AccessNotInGroup:
		a = pbiError(http.StatusUnauthorized, "PowerBINotAuthorizedException")
	case AccessConditional:
		a = insufficientClaims()
	default:
		return nil
	}
	return &a
}

// authorize sets the workspace and model, if the caller may use them.
func (s *PowerBI) authorize(req *request, rt route) *Answer {
	if rt.need == roleNone {
		return nil
	}
	if req.ref.Workspace == "" { // executeQueries outside groups, which service principals may call (documented)
		req.ref.Workspace = s.workspaceOf(req.ref.Model, req.caller)
		if req.ref.Workspace == "" {
			a := entityNotFound()
			return &a
		}
	}
	space := s.workspaces[key(req.ref.Workspace)]
	if space == nil || space.roles[key(req.caller)] == roleNone {
		// unverified: an unknown workspace gets the same answer as one without access.
		a := errorInfo(http.StatusUnauthorized, "GroupNotAccessible")
		return &a
	}
	req.space = space
	if req.ref.Model == "" {
		return insufficientRole(space.roles[key(req.caller)], rt)
	}
	if req.model = space.models[key(req.ref.Model)]; req.model == nil {
		a := entityNotFound()
		return &a
	}
	return insufficientRole(space.roles[key(req.caller)], rt)
}

// workspaceOf finds a model among the workspaces that the caller has a role in.
func (s *PowerBI) workspaceOf(model, caller string) string {
	for _, sp := range s.workspaces {
		if sp.models[key(model)] != nil && sp.roles[key(caller)] != roleNone {
			return sp.id
		}
	}
	return ""
}

// insufficientRole: a reader of the history gets 403 (seen); otherwise a wrong id and a missing permission look alike
// (seen: DevScope/powerbi-powershell-modules#66). unverified: the 403's body.
func insufficientRole(have Role, rt route) *Answer {
	if have >= rt.need {
		return nil
	}
	a := entityNotFound()
	if rt.op == OpHistory {
		a = emptyAnswer(http.StatusForbidden).noted("the role may not read the history")
	}
	return &a
}

// throttled answers 429 while a window set by [PowerBI.Throttle] is open.
func (s *PowerBI) throttled(op Op) *Answer {
	until := s.throttles[op]
	if all := s.throttles[""]; all.After(until) {
		until = all
	}
	left := until.Sub(s.now())
	if left <= 0 {
		return nil
	}
	a := tooManyRequests(left)
	return &a
}

// Throttle answers 429 to every call, or to the given kinds of calls, for so long.
func (s *PowerBI) Throttle(d time.Duration, ops ...Op) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(ops) == 0 {
		ops = []Op{""}
	}
	for _, op := range ops {
		s.throttles[op] = s.now().Add(d)
	}
}

// SetAccess changes what the tenant allows service principals.
func (s *PowerBI) SetAccess(a Access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access = a
}

// ExpireWithBody makes a rejected token answer in the older, documented style instead of the measured one.
func (s *PowerBI) ExpireWithBody(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oldExpired = on
}
