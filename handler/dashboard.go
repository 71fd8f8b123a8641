package handler

import (
	"net/http"
	"sync"

	"pbirefresh/dashboard"
)

// page is the dashboard, joined once.
var page = sync.OnceValues(dashboard.Page)

// dashboard: GET /api/dashboard. It needs no key: it has no data of its own.
func (s *server) dashboard(w http.ResponseWriter, _ *http.Request) error {
	document, policy := page()
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	return writeBody(w, http.StatusOK, "text/html", document)
}
