package funchost

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
)

// serve is the host's own front door.
func (h *Host) serve(w http.ResponseWriter, r *http.Request) {
	if !h.requests.enter() {
		http.Error(w, "Function host is not running.", http.StatusServiceUnavailable)
		return
	}
	defer h.requests.leave()
	if h.options.AppService {
		disguise(r)
	}
	path := strings.ToLower(r.URL.Path)
	switch {
	case path == "/":
		w.WriteHeader(http.StatusNoContent) // the home page, switched off
	case path == "/admin/host/ping":
		h.ping(w, r)
	case strings.HasPrefix(path, "/admin/functions/"):
		h.admin(w, r)
	default:
		h.serveFunction(w, r)
	}
}

func (h *Host) serveFunction(w http.ResponseWriter, r *http.Request) {
	raw, _, _ := strings.Cut(r.RequestURI, "?")
	path, err := decodePath(raw)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f := h.app.route(r.Method, path)
	switch {
	case f == nil:
		w.WriteHeader(http.StatusNotFound)
	case !h.keys.allow(f.HTTP.AuthLevel, r):
		w.WriteHeader(http.StatusUnauthorized)
	case f.Disabled && !h.keys.isMaster(r):
		w.WriteHeader(http.StatusNotFound)
	case r.ContentLength > h.bodyLimit:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	default:
		h.forward(w, r, path, f)
	}
}

// disguise does what App Service's front end and the host make of it together:
// the handler sees the public name in Host, and the scheme in X-Forwarded-Proto
// only.
func disguise(r *http.Request) {
	r.Header.Set("Disguised-Host", r.Host)
	r.Header.Set("X-Forwarded-Proto", "https")
	if client, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		r.Header.Set("X-Forwarded-For", client)
	}
}

// ping answers health checks, and passes them on as GET / whose answer nobody
// looks at.
func (h *Host) ping(w http.ResponseWriter, r *http.Request) {
	worker := h.worker()
	_ = newProbe(h.app.Settings).answers(r.Context(), worker.transport, worker.address)
	w.WriteHeader(http.StatusOK)
}

// admin starts a function by hand: POST /admin/functions/{name} with the master
// key and a JSON body. The answer comes at once.
func (h *Host) admin(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[len("/admin/functions/"):]
	t := h.timers[h.canonical(name)]
	switch {
	case !h.keys.isMaster(r):
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method != http.MethodPost, h.app.function(name) == nil:
		w.WriteHeader(http.StatusNotFound)
	case t == nil:
		http.Error(w, "this stand-in runs only timer functions by hand", http.StatusNotImplemented)
	case !isJSON(r):
		w.WriteHeader(http.StatusBadRequest)
	case !h.requests.enter():
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		go func() {
			defer h.requests.leave()
			_ = h.invokeTimer(t, false) // logged there
		}()
		w.WriteHeader(http.StatusAccepted)
	}
}

func isJSON(r *http.Request) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	return err == nil && json.Valid(body)
}
