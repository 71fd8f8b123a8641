package handler

import (
	"net/http"
	"regexp"
	"strings"
)

// routes is an exact allow-list: the methods of each path. [http.ServeMux] would decode
// and clean paths and redirect to the result. The host has decoded and resolved the path
// already, so a path that needs either is not one of ours: it gets 404.
type routes struct {
	paths   map[string]*methods
	unknown http.HandlerFunc
}

// methods serves the methods of one path.
type methods struct {
	serve      map[string]http.HandlerFunc
	notAllowed http.HandlerFunc
}

// newRoutes also serves HEAD where there is GET; net/http drops the body.
func (s *server) newRoutes(endpoints []endpoint) *routes {
	t := &routes{paths: map[string]*methods{}, unknown: s.answering("/", s.unknown)}
	allow := map[string][]string{}
	for _, e := range endpoints {
		if t.paths[e.path] == nil {
			t.paths[e.path] = &methods{serve: map[string]http.HandlerFunc{}}
		}
		m := t.paths[e.path]
		m.serve[e.method] = s.answering(e.method+" "+e.path, e.serve)
		allow[e.path] = append(allow[e.path], e.method)
		if e.method == http.MethodGet {
			m.serve[http.MethodHead] = m.serve[e.method]
			allow[e.path] = append(allow[e.path], http.MethodHead)
		}
		m.notAllowed = s.answering(e.path, notAllowed(strings.Join(allow[e.path], ", ")))
	}
	return t
}

func (t *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	template, id := templateOf(r.URL.EscapedPath())
	switch m := t.paths[template]; {
	case template == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		probe(w, r)
	case m == nil:
		t.unknown(w, r)
	case m.serve[r.Method] == nil:
		m.notAllowed(w, r)
	default:
		r.SetPathValue("id", id)
		m.serve[r.Method](w, r)
	}
}

// operationPath has the alphabet of ids, as function.json has it. A slash may follow an id:
// some clients put one before the query. It may not follow the path of the trigger, which
// would then lie below the path that App Service authentication leaves open.
var operationPath = regexp.MustCompile(`(?i)^(/api/(?:refreshes|operations)/)([a-z0-9_-]+)(?:/|(/[a-z-]+))?$`)

// templateOf returns the path as the endpoints have it, and the id in it. The host routes
// what it shows callers without regard to case (seen: funchost's cases), so case does not
// count in fixed segments; it counts in an id, and in the names of the timers' functions. An
// escaped path is ASCII and has no braces, so no client can send a template itself.
func templateOf(escaped string) (template, id string) {
	if m := operationPath.FindStringSubmatch(escaped); m != nil {
		return strings.ToLower(m[1] + "{id}" + m[3]), m[2]
	}
	if lower := strings.ToLower(escaped); strings.HasPrefix(lower, "/api/") {
		return lower, ""
	}
	return escaped, ""
}
