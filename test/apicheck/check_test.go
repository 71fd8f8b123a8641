package apicheck_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pbirefresh/test/apicheck"
)

const document = `{
 "openapi": "3.1.0",
 "info": {"title": "things", "version": "1"},
 "paths": {
  "/api/things": {"post": {
   "security": [{"key": []}],
   "parameters": [{"name": "wait", "in": "query", "schema": {"type": "integer"}}],
   "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ask"}}}},
   "responses": {"202": {"$ref": "#/components/responses/Accepted"}, "400": {"description": "no"}}}},
  "/api/things/{id}": {"get": {
   "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
   "responses": {"202": {"$ref": "#/components/responses/Accepted"}}}},
  "/api/things/best": {"get": {"responses": {"200": {"description": "no more is said"}}}}
 },
 "components": {
  "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-functions-key"}},
  "headers": {"Retry": {"required": true, "schema": {"type": "string", "pattern": "^[0-9]+$"}}},
  "responses": {"Accepted": {
   "headers": {"Retry-After": {"$ref": "#/components/headers/Retry"}, "X-Free": {"schema": {"type": "string", "minLength": 3}}},
   "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
  "schemas": {
   "Ask": {"type": "object", "properties": {"name": {"type": "string"}, "kind": {"type": "string"}, "size": {"type": "integer"}}, "required": ["name"],
    "if": {"required": ["kind"], "properties": {"kind": {"const": "big"}}}, "then": {"required": ["size"]}},
   "Thing": {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}, "inner": {"$ref": "#/components/schemas/Ask"}}, "required": ["at"]}
  }
 }
}`

func load(t *testing.T) *apicheck.Spec {
	t.Helper()
	spec, err := apicheck.Load([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// exchange is one request and its answer.
type exchange struct {
	method, path, key, sent string
	status                  int
	header                  http.Header
	answer                  string
}

func good() exchange {
	return exchange{
		method: "POST", path: "/api/things?wait=5", key: "k", sent: `{"name":"a"}`, status: 202,
		header: http.Header{"X-Pbirefresh-Version": {"v1"}, "Content-Type": {"application/json; charset=utf-8"}, "Retry-After": {"5"}},
		answer: `{"at":"2026-11-25T07:00:00Z","inner":{"name":"b"}}`,
	}
}

func (e exchange) check(spec *apicheck.Spec) error {
	r := httptest.NewRequest(e.method, e.path, strings.NewReader(e.sent))
	r.Header.Set("Content-Type", "application/json")
	if e.key != "" {
		r.Header.Set("x-functions-key", e.key)
	}
	return spec.Check(r, &http.Response{StatusCode: e.status, Header: e.header, Body: io.NopCloser(strings.NewReader(e.answer))})
}

func TestWhatIsDescribed(t *testing.T) {
	t.Parallel()
	spec := load(t)
	for what, change := range map[string]func(*exchange){
		"as it is":           func(*exchange) {},
		"a parameter":        func(e *exchange) { e.method, e.path, e.sent = "GET", "/api/things/7", "" },
		"an optional header": func(e *exchange) { e.header.Set("X-Free", "long enough") },
		"exact before parameter": func(e *exchange) {
			e.method, e.path, e.sent, e.status, e.answer = "GET", "/api/things/best", "", 200, "anything"
			e.header.Del("Retry-After")
		},
		"a rejected request may be anything": func(e *exchange) {
			e.status, e.sent = 400, "{"
			e.header.Del("Retry-After")
		},
		"a rule that does not apply":         func(e *exchange) { e.sent = `{"name":"a","kind":"big","size":1}` },
		"an unknown route that is not there": func(e *exchange) { e.path, e.status = "/api/others", 404 },
		"the host's 401":                     func(e *exchange) { e.header, e.status, e.answer = http.Header{}, 401, "" },
		"the host's 502":                     func(e *exchange) { e.header, e.status, e.answer = http.Header{}, 502, "" },
	} {
		e := good()
		change(&e)
		if err := e.check(spec); err != nil {
			t.Errorf("%s: got %v, want nil for %+v", what, err, e)
		}
	}
}

func TestWhatIsNotDescribed(t *testing.T) {
	t.Parallel()
	spec := load(t)
	for want, change := range map[string]func(*exchange){
		"response code '418' does not exist":      func(e *exchange) { e.status = 418 },
		"'Retry-After' was not found":             func(e *exchange) { e.header.Del("Retry-After") },
		"'^[0-9]+$'":                              func(e *exchange) { e.header.Set("Retry-After", "soon") },
		"minLength":                               func(e *exchange) { e.header.Set("X-Free", "no") },
		"'text/html'":                             func(e *exchange) { e.header.Set("Content-Type", "text/html") },
		"cannot be decoded":                       func(e *exchange) { e.answer = "<html>" },
		"missing property 'at'":                   func(e *exchange) { e.answer = "{}" },
		"date-time":                               func(e *exchange) { e.answer = `{"at":"yesterday"}` },
		"additional properties 'new'":             func(e *exchange) { e.answer = `{"at":"2026-11-25T07:00:00Z","new":1}` },
		"got number, want string at $.inner.name": func(e *exchange) { e.answer = `{"at":"2026-11-25T07:00:00Z","inner":{"name":1}}` },
		"missing property 'name'":                 func(e *exchange) { e.sent = `{"kind":"big"}` },
		"missing property 'size'":                 func(e *exchange) { e.sent = `{"name":"a","kind":"big"}` },
		"'wait'":                                  func(e *exchange) { e.path = "/api/things?wait=soon" },
		"route is not described":                  func(e *exchange) { e.path, e.status = "/api/others", 200 },
		"route is not described, and answers 200": func(e *exchange) { e.method, e.status = "PUT", 200 },
		"API Key x-functions-key not found":       func(e *exchange) { e.key = "" },
		"without the header":                      func(e *exchange) { e.header.Del("X-Pbirefresh-Version") },
	} {
		e := good()
		change(&e)
		if err := e.check(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q for %+v", err, want, e)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "[]", `{"openapi":"3.0.1"}`} {
		if _, err := apicheck.Load([]byte(text)); err == nil {
			t.Errorf("Load(%q): got no error, want one", text)
		}
	}
}

// The client sees what was sent; what is not described is reported, without the id.
func TestTransport(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Pbirefresh-Version", "v1")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(append([]byte("got "), asked...))
	}))
	defer server.Close()
	var problems []error
	client := &http.Client{Transport: load(t).Transport(http.DefaultTransport, func(err error) { problems = append(problems, err) })}
	secret := strings.Repeat("s", 50)
	for _, path := range []string{"/api/things/" + secret, "/elsewhere"} {
		resp, err := client.Post(server.URL+path, "application/json", strings.NewReader("this")) //nolint:noctx // loopback
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(got) != "got this" {
			t.Errorf("%s: got %q, %v; want %q", path, got, err, "got this")
		}
	}
	if len(problems) != 1 || strings.Contains(problems[0].Error(), secret) || !strings.Contains(problems[0].Error(), "418") {
		t.Errorf("got %v, want one problem with 418 and without the id", problems)
	}
}

// An answer that breaks off breaks off for the client too, and nothing is said of it.
func TestTransportOfABrokenAnswer(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	next := roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 202, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), failing{broken}))}, nil
	})
	client := &http.Client{Transport: load(t).Transport(next, func(err error) { t.Error(err) })}
	resp, err := client.Get("http://app/api/things/1") //nolint:noctx // no network
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if got, err := io.ReadAll(resp.Body); string(got) != "{" || !errors.Is(err, broken) {
		t.Errorf("got %q, %v; want { and %v", got, err, broken)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
