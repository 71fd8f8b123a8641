package funchost

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
)

// serve answers one request.
func (h *Host) serve(r *request) *reply {
	if !h.requests.enter() {
		return &reply{status: http.StatusServiceUnavailable, body: []byte("Function host is not running."), closes: true}
	}
	defer h.requests.leave()
	if h.options.AppService {
		disguise(r)
	}
	path := strings.ToLower(r.target.path)
	switch {
	case path == "/":
		return homePage()
	case path == "/admin/host/ping":
		return h.ping()
	case strings.HasPrefix(path, "/admin/functions/"):
		return h.admin(r)
	case strings.HasPrefix(path, "/admin/"), strings.HasPrefix(path, "/runtime/"):
		return h.refuse(r)
	default:
		return h.serveFunction(r)
	}
}

func homePage() *reply {
	const page = "<!DOCTYPE html><title>Your app is running</title>\n"
	return &reply{status: http.StatusOK, header: fields{{"Content-Type", "text/html"}, {"Content-Length", "50"}}, body: []byte(page)}
}

// refuse answers for the routes of the host that this package does not have.
func (h *Host) refuse(r *request) *reply {
	if h.keys.isMaster(r) {
		return replyStatus(http.StatusNotFound)
	}
	return &reply{status: http.StatusUnauthorized, header: fields{{"WWW-Authenticate", "Bearer"}}}
}

func (h *Host) serveFunction(r *request) *reply {
	f := h.app.route(r.method, r.target.path)
	switch {
	case f == nil:
		return replyStatus(http.StatusNotFound)
	case !h.keys.allow(f.HTTP.AuthLevel, r):
		return replyStatus(http.StatusUnauthorized)
	case f.Disabled && !h.keys.isMaster(r):
		return replyStatus(http.StatusNotFound)
	case r.length > h.bodyLimit:
		return replyStatus(http.StatusRequestEntityTooLarge)
	default:
		return h.forward(r, f)
	}
}

// disguise does what App Service's front end and the host make of it together:
// the handler sees the public name in Host, and the scheme in X-Forwarded-Proto
// only.
func disguise(r *request) {
	r.header = r.header.set("Disguised-Host", r.header.get("Host")).set("X-Forwarded-Proto", "https")
	if client, _, err := net.SplitHostPort(r.remote); err == nil {
		r.header = r.header.set("X-Forwarded-For", client)
	}
}

// ping answers health checks, and passes them on as GET / whose answer is
// ignored.
func (h *Host) ping() *reply {
	worker := h.worker()
	_ = newProbe(h.app.Settings).ask(h.invoking, worker.client, worker.address)
	return &reply{status: http.StatusOK, header: fields{{"Cache-Control", "no-store,no-cache"}, {"Pragma", "no-cache"}}}
}

// admin starts a function by hand: POST /admin/functions/{name} with the master
// key and a JSON body. The answer comes at once.
func (h *Host) admin(r *request) *reply {
	name := r.target.path[len("/admin/functions/"):]
	t := h.timers[h.canonical(name)]
	switch {
	case !h.keys.isMaster(r):
		return h.refuse(r)
	case !strings.EqualFold(r.method, http.MethodPost), h.app.function(name) == nil:
		return replyStatus(http.StatusNotFound)
	case t == nil:
		return &reply{status: http.StatusNotImplemented, body: []byte("this fake runs only timer functions by hand\n")}
	}
	body, err := r.body()
	var manual struct{ Input string }
	if err != nil || json.Unmarshal(body, &manual) != nil {
		return replyStatus(http.StatusBadRequest)
	}
	if !h.requests.enter() {
		return replyStatus(http.StatusServiceUnavailable)
	}
	go func() {
		defer h.requests.leave()
		_ = h.invokeTimer(t, run{input: &manual.Input}) // logged there
	}()
	return replyStatus(http.StatusAccepted)
}
