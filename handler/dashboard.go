package handler

import (
	"net/http"
	"strconv"
	"sync"

	"pbirefresh/dashboard"
)

// page is the dashboard, joined once.
var page = sync.OnceValues(dashboard.Page)

// dashboard: GET /api/dashboard. It needs no key: it has no data of its own.
func (s *server) dashboard(w http.ResponseWriter, _ *http.Request) error {
	document, policy := page()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(document)))
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(document) // an error means that the client has left
	return nil
}
