package handler

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

type answer struct {
	t      *testing.T
	code   int
	header http.Header
	raw    []byte
}

// wireError is the error format as a client of another make reads it.
type wireError struct {
	Code, Message, Target string
	Details               []Detail
	Innererror            map[string]any
}

func (a answer) object() map[string]any {
	a.t.Helper()
	var object map[string]any
	if err := json.Unmarshal(a.raw, &object); err != nil || object == nil {
		a.t.Fatalf("HTTP %d with a body that is no JSON object: %v\n%s", a.code, err, a.raw)
	}
	return object
}

func (a answer) wireError() wireError {
	a.t.Helper()
	var body struct{ Error wireError }
	if err := json.Unmarshal(a.raw, &body); err != nil {
		a.t.Fatalf("%v\n%s", err, a.raw)
	}
	return body.Error
}

func (a answer) document() StatusDocument {
	a.t.Helper()
	var d StatusDocument
	if err := json.Unmarshal(a.raw, &d); err != nil || d.Status == "" {
		a.t.Fatalf("HTTP %d without a status document: %v\n%s", a.code, err, a.raw)
	}
	return d
}

func (a answer) is(code int) answer {
	a.t.Helper()
	if a.code != code {
		a.t.Errorf("HTTP %d, want %d\n%s", a.code, code, a.raw)
	}
	return a
}

func (a answer) has(header, value string) answer {
	a.t.Helper()
	if got := a.header.Get(header); got != value {
		a.t.Errorf("%s: %q, want %q", header, got, value)
	}
	return a
}

var (
	wholeSeconds = regexp.MustCompile(`^[1-9][0-9]?$`)
	statusWords  = []any{"NotStarted", "Running", "Succeeded", "Failed", "Canceled", "ok", nil}
)

// common checks what every answer of every route has.
func (a answer) common() {
	a.t.Helper()
	a.has("Content-Type", "application/json; charset=utf-8").has("Cache-Control", "no-store")
	a.has("X-Content-Type-Options", "nosniff").has("x-pbirefresh-version", "1.2.3").has("Content-Length", strconv.Itoa(len(a.raw)))
	if a.header.Get("x-ms-request-id") == "" {
		a.t.Error("no x-ms-request-id")
	}
	if after := a.header.Get("Retry-After"); after != "" && (!wholeSeconds.MatchString(after) || len(after) == 2 && after > "60") {
		a.t.Errorf("Retry-After: %q: pollers want whole seconds from 1 to 60", after)
	}
	object := a.object()
	if !slices.Contains(statusWords, object["status"]) {
		a.t.Errorf("status is %v: pollers know strings, and these only: %v", object["status"], statusWords)
	}
	if _, there := object["properties"]; there {
		a.t.Error("a member properties makes pollers look for provisioningState in it")
	}
	if object["error"] != nil {
		a.errorShape(object)
	}
	if (a.code == http.StatusTooManyRequests || a.code == http.StatusServiceUnavailable) && a.header.Get("Retry-After") == "" {
		a.t.Errorf("HTTP %d without Retry-After", a.code)
	}
	if strings.Contains(a.header.Get("Location")+a.header.Get("Operation-Location"), "~") {
		a.t.Error("Azure SQL loses a header with a ~")
	}
	size := 0
	for name, values := range a.header {
		size += len(name) + len(strings.Join(values, "")) + 4
	}
	if size > 2<<10 {
		a.t.Errorf("%d bytes of headers: Azure SQL takes 8 KiB, those of the host among them", size)
	}
}

func (a answer) errorShape(object map[string]any) {
	a.t.Helper()
	e := a.wireError()
	if e.Code == "" || e.Message == "" {
		a.t.Errorf("an error without code or message: %s", a.raw)
	}
	for _, d := range e.Details {
		if d.Code == "" || d.Message == "" {
			a.t.Errorf("a detail without code or message: %s", a.raw)
		}
	}
	if e.Innererror != nil && (e.Innererror["code"] == nil || e.Innererror["message"] == nil) {
		a.t.Errorf("innererror without code or message: %s", a.raw)
	}
	if a.code >= 400 {
		if a.has("x-ms-error-code", e.Code); a.code != http.StatusConflict && object["status"] != nil {
			a.t.Errorf("HTTP %d that looks like an operation: %s", a.code, a.raw)
		}
	} else if object["status"] == nil {
		a.t.Errorf("an error with HTTP %d", a.code)
	}
}
