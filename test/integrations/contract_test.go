package integrations

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// question is a request as a caller writes it, by hand or by mistake.
type question struct {
	name, method, path string
	headers            []string // "name: value"; "x-functions-key: " sends none
	body               io.Reader
	code               int
	has                string // a header and its value
	word               string // error.code; "-": the host answers, without a body
}

// The contract of docs/callers.md as it arrives through the Functions host: which
// methods reach the app, which key opens what, and what is wrong with a request.
func TestContractThroughTheHost(t *testing.T) {
	t.Parallel()
	a := startApp(t)
	ref := a.model(t, sim.Knobs{Duration: time.Hour})
	doc, key := a.start(t, ref), a.host.FunctionKey()
	status, cancel := strings.TrimPrefix(doc.StatusURL, a.host.URL()), strings.TrimPrefix(doc.TerminatePostURI, a.host.URL())
	path, sig, _ := strings.Cut(status, "?")
	operation := "/api/operations/" + doc.ID
	good := func() io.Reader { return strings.NewReader(string(body(ref))) }
	const none, wrong = "x-functions-key: ", "x-functions-key: wrong"
	for _, q := range []question{
		{"HEAD of a status", "HEAD", status, []string{none}, nil, 202, "Location: " + a.host.URL() + status, ""},
		{"HEAD of health", "HEAD", "/api/health", []string{none}, nil, 200, "", ""},
		{"OPTIONS", "OPTIONS", "/api/refreshes", nil, nil, 405, "Allow: POST", "MethodNotAllowed"},
		{"OPTIONS of a status", "OPTIONS", path, []string{none}, nil, 404, "", "-"},
		{"PUT", "PUT", "/api/refreshes", nil, good(), 405, "Allow: POST", "MethodNotAllowed"},
		{"GET of all", "GET", "/api/refreshes", nil, nil, 405, "Allow: POST", "MethodNotAllowed"},
		{"DELETE of a status", "DELETE", path, nil, nil, 404, "", "-"},
		{"GET of cancel", "GET", cancel, nil, nil, 405, "Allow: POST, DELETE", "MethodNotAllowed"},

		{"no key", "POST", "/api/refreshes", []string{none}, good(), 401, "", "-"},
		{"another key", "POST", "/api/refreshes", []string{wrong}, good(), 401, "", "-"},
		{"no key, another method", "PUT", "/api/refreshes", []string{none}, good(), 401, "", "-"},
		{"cancel without a key", "POST", cancel, []string{none}, nil, 401, "", "-"},
		{"cancel for all with a function key", "POST", operation + "/cancel-all", nil, nil, 401, "", "-"},
		{"key in the query", "POST", "/api/refreshes?code=" + key, []string{none}, good(), 202, "", ""},
		{"the header's key counts", "POST", "/api/refreshes?code=" + key, []string{wrong}, good(), 401, "", "-"},
		{"status with another key", "GET", status, []string{wrong}, nil, 202, "", ""},
		{"status with another key in the query", "GET", status + "&code=wrong", []string{none}, nil, 202, "", ""},

		{"no JSON", "POST", "/api/refreshes", []string{"Content-Type: text/plain"}, good(), 415, "", "UnsupportedMediaType"},
		{"a form", "POST", "/api/refreshes", []string{"Content-Type: application/x-www-form-urlencoded"}, strings.NewReader("a=b"), 415, "", "UnsupportedMediaType"},
		{"too large", "POST", "/api/refreshes", nil, strings.NewReader(strings.Repeat(" ", 65<<10)), 413, "", "BodyTooLarge"},
		{"no body", "POST", "/api/refreshes", nil, nil, 400, "", "InvalidRequest"},
		{"a body without a length", "POST", "/api/refreshes", nil, io.MultiReader(good()), 500, "", "-"}, // the host cannot forward it
		{"an array", "POST", "/api/refreshes", nil, strings.NewReader("[]"), 400, "", "InvalidRequest"},
		{"a wait that is none", "GET", status + "&wait=soon", nil, nil, 400, "", "InvalidRequest"},
		{"no such operation", "GET", "/api/refreshes/7f?" + sig, nil, nil, 404, "", "OperationNotFound"},
		{"a status without its signature", "GET", path, nil, nil, 404, "", "OperationNotFound"},
		{"a status with its signature twice", "GET", status + "&" + sig, nil, nil, 404, "", "OperationNotFound"},
		{"a status with another signature", "GET", path + "?sig=" + strings.Repeat("A", len(sig)-len("sig=")), nil, nil, 404, "", "OperationNotFound"},
		{"an operation by its id", "GET", operation, nil, nil, 202, "", ""},
		{"an operation without a key", "GET", operation + "?" + sig, []string{none}, nil, 401, "", "-"},
		{"cancel without its signature", "POST", operation + "/cancel", nil, nil, 404, "", "OperationNotFound"},
		{"cancel for all by a caller to whom no policy gives it", "POST", operation + "/cancel-for-all", nil, nil, 403, "", "CallerNotAllowed"},
		{"cancel below a status URL", "POST", path + "/cancel?" + sig, nil, nil, 404, "", "-"},
		{"no such route", "GET", "/api/refresh", nil, nil, 404, "", "-"},
	} {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			q.ask(t, a)
		})
	}
}

func (q question) ask(t *testing.T, a *app) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), q.method, a.host.URL()+q.path, q.body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("x-functions-key", a.host.FunctionKey())
	for _, h := range q.headers {
		name, value, _ := strings.Cut(h, ": ")
		if req.Header.Set(name, value); value == "" {
			req.Header.Del(name)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != q.code {
		t.Errorf("%s %s", resp.Status, text)
	}
	if name, value, _ := strings.Cut(q.has, ": "); strings.Join(resp.Header.Values(name), ", ") != value { // the host makes lines of a list
		t.Errorf("%s: %q, want %q", name, resp.Header.Values(name), value)
	}
	q.checkBody(t, resp.Header, text)
	checkHead(t, resp.Header)
}

// checkBody: every answer of the app is a JSON object, and every error names its code
// twice. The host's own have no body.
func (q question) checkBody(t *testing.T, head http.Header, text []byte) {
	t.Helper()
	if q.word == "-" || q.method == http.MethodHead {
		if len(text) > 0 || q.word == "-" && head.Get("x-pbirefresh-version") != "" {
			t.Errorf("%v %s", head, text)
		}
		return
	}
	var got struct {
		Status string
		Error  struct{ Code, Message string }
	}
	if err := json.Unmarshal(text, &got); err != nil || head.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%s, %v: %s", head.Get("Content-Type"), err, text)
	}
	if got.Error.Code != q.word || head.Get("x-ms-error-code") != q.word || (got.Error.Message == "") != (q.word == "") || (got.Status == "") != (q.word != "") {
		t.Errorf("%s, x-ms-error-code %q", text, head.Get("x-ms-error-code"))
	}
}

// checkHead: Azure SQL takes 8 KB of headers, those of the platform among them, and
// loses one with a tilde.
func checkHead(t *testing.T, head http.Header) {
	t.Helper()
	size := 0
	for name, values := range head {
		line := name + ": " + strings.Join(values, ",") + "\r\n"
		if size += len(line); strings.Contains(line, "~") {
			t.Errorf("a ~ in %s", line)
		}
	}
	if size > 2<<10 {
		t.Errorf("%d bytes of headers", size)
	}
}
