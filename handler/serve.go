package handler

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// route is a handler that returns what went wrong instead of writing it.
type route func(http.ResponseWriter, *http.Request) error

// answering adds to a route what all of them have in common: a request id, one line
// of access log, errors to answers, and panics to a 500.
func (s *server) answering(pattern string, serve route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		began, id := time.Now(), requestID(r)
		rec := &recorder{ResponseWriter: w}
		head := w.Header()
		head.Set("x-ms-request-id", id)
		if theirs := r.Header.Get(clientRequestID); clientIDPattern.MatchString(theirs) {
			head.Set(clientRequestID, theirs)
		}
		head.Set("x-pbirefresh-version", s.Version)
		head.Set("Cache-Control", "no-store")
		head.Set("X-Content-Type-Options", "nosniff")
		err := s.guarded(rec, r, serve)
		if err != nil {
			writeError(rec, asError(err))
		}
		s.logAccess(pattern, id, rec.status, time.Since(began), err)
	}
}

// guarded turns a panic into an error: one bad request must not end the process
// that serves all the others.
func (s *server) guarded(w http.ResponseWriter, r *http.Request, serve route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "cause", fmt.Sprint(p), "stack", string(debug.Stack()), "invocationId", w.Header().Get("x-ms-request-id"))
			err = &Error{Status: http.StatusInternalServerError, Code: "InternalError",
				Message: "Something went wrong inside the service. The log has the details under this request's x-ms-request-id."}
		}
	}()
	return serve(w, r)
}

func (s *server) logAccess(pattern, id string, status int, took time.Duration, err error) {
	attrs := []any{"route", pattern, "status", status, "ms", took.Milliseconds(), "invocationId", id}
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	if status >= http.StatusInternalServerError {
		s.log.Error("request", attrs...)
		return
	}
	level := slog.LevelInfo
	if isPoll(pattern) && err == nil {
		level = slog.LevelDebug // there may be thousands of them for one refresh
	}
	s.log.Log(context.Background(), level, "request", attrs...)
}

// isPoll reports whether a route reads how an operation stands.
func isPoll(pattern string) bool {
	return pattern == "GET /api/refreshes/{id}" || pattern == "GET /api/operations/{id}"
}

// requestID is the host's invocation id, by which its own log names the request.
// The host adds it to whatever the client sent, as a further value or behind a
// comma, so the last one is the host's (azure-functions-host, source; the comma is
// unverified).
func requestID(r *http.Request) string {
	all := strings.Join(r.Header.Values("X-Azure-Functions-InvocationId"), ",")
	id := strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:])
	if !hostIDPattern.MatchString(id) {
		return rand.Text()
	}
	return id
}

// hostIDPattern is wider than the GUID that the host makes, and has nothing that a log or
// a record would have to escape.
var hostIDPattern = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// clientRequestID is a caller's own name for its request. It gets it back, so that it
// can match answers to requests; it is no key, since some clients send one for many requests.
const clientRequestID = "x-ms-client-request-id"

var clientIDPattern = regexp.MustCompile(`^[0-9A-Za-z._:{}-]{1,128}$`)

// recorder remembers the status for the access log.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// writeJSON sends a JSON object.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return writeBody(w, status, "application/json", b)
}

// writeBody sends a text of that kind. Every answer has a Content-Length.
func writeBody(w http.ResponseWriter, status int, kind string, body []byte) error {
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client has left
	return nil
}
