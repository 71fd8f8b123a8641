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
 "paths": {
  "/api/things": {"post": {
   "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ask"}}}},
   "responses": {"202": {"$ref": "#/components/responses/Accepted"}, "400": {"description": "no"}}}},
  "/api/things/{id}": {"get": {"responses": {"202": {"$ref": "#/components/responses/Accepted"}}}},
  "/api/things/best": {"get": {"responses": {"200": {"description": "no more is said"}}}}
 },
 "components": {
  "headers": {"Retry": {"required": true, "schema": {"type": "string", "pattern": "^[0-9]+$"}}},
  "responses": {"Accepted": {
   "headers": {"Retry-After": {"$ref": "#/components/headers/Retry"}, "X-Free": {"schema": {"type": "string", "minLength": 3}}},
   "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
  "schemas": {
   "Ask": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
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

func good() apicheck.Exchange {
	return apicheck.Exchange{
		Method: "POST", Path: "/api/things", Request: []byte(`{"name":"a"}`), Status: 202,
		Header: http.Header{"X-Pbirefresh-Version": {"v1"}, "Content-Type": {"application/json; charset=utf-8"}, "Retry-After": {"5"}},
		Answer: []byte(`{"at":"2026-11-25T07:00:00Z","inner":{"name":"b"}}`),
	}
}

func TestWhatIsDescribed(t *testing.T) {
	t.Parallel()
	spec := load(t)
	for what, change := range map[string]func(*apicheck.Exchange){
		"as it is":           func(*apicheck.Exchange) {},
		"a parameter":        func(e *apicheck.Exchange) { e.Method, e.Path = "GET", "/api/things/7" },
		"an optional header": func(e *apicheck.Exchange) { e.Header.Set("X-Free", "long enough") },
		"exact before parameter": func(e *apicheck.Exchange) {
			e.Method, e.Path, e.Status, e.Answer = "GET", "/api/things/best", 200, []byte("anything")
		},
		"a refused request may be anything": func(e *apicheck.Exchange) { e.Status, e.Request = 400, []byte("{") },
		"an unknown route that is not there": func(e *apicheck.Exchange) {
			e.Path, e.Status = "/api/others", 404
		},
		"the host's 401": func(e *apicheck.Exchange) { e.Header, e.Status, e.Answer = http.Header{}, 401, nil },
		"the host's 502": func(e *apicheck.Exchange) { e.Header, e.Status, e.Answer = http.Header{}, 502, nil },
	} {
		e := good()
		change(&e)
		if err := spec.Check(e); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhatIsNotDescribed(t *testing.T) {
	t.Parallel()
	spec := load(t)
	for what, change := range map[string]func(*apicheck.Exchange){
		"status 418 is not described": func(e *apicheck.Exchange) { e.Status = 418 },
		"Retry-After is missing":      func(e *apicheck.Exchange) { e.Header.Del("Retry-After") },
		"header Retry-After":          func(e *apicheck.Exchange) { e.Header.Set("Retry-After", "soon") },
		"header X-Free":               func(e *apicheck.Exchange) { e.Header.Set("X-Free", "no") },
		"Content-Type is":             func(e *apicheck.Exchange) { e.Header.Set("Content-Type", "text/html") },
		"the answer is no JSON":       func(e *apicheck.Exchange) { e.Answer = []byte("<html>") },
		"missing property":            func(e *apicheck.Exchange) { e.Answer = []byte("{}") },
		"date-time":                   func(e *apicheck.Exchange) { e.Answer = []byte(`{"at":"yesterday"}`) },
		"additional properties":       func(e *apicheck.Exchange) { e.Answer = []byte(`{"at":"2026-11-25T07:00:00Z","new":1}`) },
		"'inner'":                     func(e *apicheck.Exchange) { e.Answer = []byte(`{"at":"2026-11-25T07:00:00Z","inner":{"name":1}}`) },
		"the request":                 func(e *apicheck.Exchange) { e.Request = []byte(`{"nam":"a"}`) },
		"route is not described":      func(e *apicheck.Exchange) { e.Path, e.Status = "/api/others", 200 },
		"without the header":          func(e *apicheck.Exchange) { e.Header.Del("X-Pbirefresh-Version") },
	} {
		e := good()
		change(&e)
		if err := spec.Check(e); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(what, "'inner'")) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "[]", `{"openapi":"3.0.1"}`} {
		if _, err := apicheck.Load([]byte(text)); err == nil {
			t.Errorf("%q is no document", text)
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
			t.Errorf("%s: %q %v", path, got, err)
		}
	}
	if len(problems) != 1 || strings.Contains(problems[0].Error(), secret) || !strings.Contains(problems[0].Error(), "418") {
		t.Errorf("%v", problems)
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
		t.Errorf("%q %v", got, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
