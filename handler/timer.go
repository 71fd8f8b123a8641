package handler

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// timer serves a route for the host's timers only. The host forwards a caller's path after
// it has authorized another spelling of it, so a path alone does not prove a timer. What a
// timer's request has was seen on host 4.1037. Unknown headers and members are ignored: a
// newer host must not stop the timers.
func (s *server) timer(serve route) route {
	return func(w http.ResponseWriter, r *http.Request) error {
		reason := notATimer(r)
		if reason == "" {
			return serve(w, r)
		}
		// Alert rules look for the event.
		s.log.Warn("a call of a timer's route was refused", "event", "timer.refused", "function", strings.TrimPrefix(r.URL.Path, "/"),
			"reason", reason, "invocationId", w.Header().Get("x-ms-request-id"))
		return &Error{Status: http.StatusForbidden, Code: "TimerOnly",
			Message: "Only a timer of the Functions host may call this path. To start it by hand, POST to /admin/functions/ and its name with the master key."}
	}
}

// hostAgent is the host's own User-Agent, of any version. To a client's own one the host
// appends it.
var hostAgent = regexp.MustCompile(`^Azure-Functions-Host/[0-9A-Za-z.+_-]+$`)

// callersHeaders are what only a caller's request has.
var callersHeaders = []string{"X-Functions-Key", "Authorization", "Cookie", "X-Ms-Client-Principal"}

// notATimer returns why a request is not a timer's, or "".
func notATimer(r *http.Request) string {
	if agents := r.Header.Values("User-Agent"); len(agents) != 1 || !hostAgent.MatchString(agents[0]) {
		return "User-Agent"
	}
	for _, name := range callersHeaders {
		if _, sent := r.Header[name]; sent {
			return name
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") {
			return "X-Forwarded"
		}
	}
	for name := range r.URL.Query() {
		if strings.EqualFold(name, "code") {
			return "code"
		}
	}
	if body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody)); err != nil || !isTimerPayload(body) {
		return "payload"
	}
	return ""
}

// isTimerPayload reports whether a body is what the host sends to a timer function whose
// binding is "timer". One that is started by hand has Metadata.timer besides.
func isTimerPayload(body []byte) bool {
	var payload struct {
		Data map[string]*struct {
			Schedule  map[string]any
			IsPastDue *bool
		}
		Metadata struct {
			Sys map[string]any `json:"sys"`
		}
	}
	if err := json.Unmarshal(body, &payload); err != nil {
		return false
	}
	info := payload.Data["timer"]
	return len(payload.Data) == 1 && info != nil && info.Schedule != nil && info.IsPastDue != nil && payload.Metadata.Sys != nil
}
