package funchost

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestForwardedRequest(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	got := r.echo(http.MethodPatch, "/api/echo/a%2Fb/c?x=1&y=2&X=3&x=a+b", `{"k":1}`,
		"Content-Type: application/json", "Authorization: Bearer t", "X-Multi: one", "X-Multi: two",
		"User-Agent: test/1", "X-Functions-Key: k", "Traceparent: 00-x", "X-Azure-Functions-InvocationId: forged", "Host: app.example")
	if got.Method != http.MethodPatch || got.Body != `{"k":1}` {
		t.Errorf("method %s, body %q", got.Method, got.Body)
	}
	if want := "/api/echo/a%2Fb/c?x=1,3,a%20b&y=2"; got.URI != want {
		t.Errorf("URI %s, want %s", got.URI, want)
	}
	if got.Host != "app.example" {
		t.Errorf("Host %q, want the client's", got.Host)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer t", "X-Multi": "one, two", "X-Functions-Key": "k",
		"Traceparent": "00-x", "User-Agent": "test/1 Azure-Functions-Host/" + HostVersion, versionHeader: HostVersion, "Content-Length": "7",
	} {
		if values := got.Header.Values(name); len(values) != 1 || values[0] != want {
			t.Errorf("%s: %q, want %q", name, values, want)
		}
	}
	sent, last, _ := strings.Cut(got.Header.Get(invocationHeader), ", ")
	if sent != "forged" || !anyGUID.MatchString(last) {
		t.Errorf("invocation id %q: want the client's kept and ours last", got.Header.Get(invocationHeader))
	}
	if slices.Contains([]string{got.Header.Get("X-Forwarded-Proto"), got.Header.Get("Disguised-Host")}, "https") {
		t.Error("acts like App Service without being told to")
	}
}

func TestInvocationIDsDiffer(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	first := r.echo(http.MethodGet, "/api/echo", "").Header.Get(invocationHeader)
	second := r.echo(http.MethodGet, "/api/echo", "").Header.Get(invocationHeader)
	if first == second || !anyGUID.MatchString(first) {
		t.Errorf("ids %q and %q", first, second)
	}
}

// TestChunkedBodyIsLost: the host forwards a body only with a Content-Length.
func TestChunkedBodyIsLost(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL()+"/api/echo/x", io.NopCloser(strings.NewReader("body")))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/plain")
	var got seen
	r.decode(r.do(request).want(t, http.StatusOK).body, &got)
	if got.Body != "" || len(got.TransferEncoding) > 0 || got.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("body %q with headers %v, want none", got.Body, got.Header)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{bodyLimitSetting: "5"})
	if got := r.echo(http.MethodPost, "/api/echo/x", "12345"); got.Body != "12345" {
		t.Errorf("body = %q", got.Body)
	}
	r.send(http.MethodPost, "/api/echo/x", "123456").want(t, http.StatusRequestEntityTooLarge)
	if _, err := bodyLimit(map[string]string{bodyLimitSetting: "much"}); err == nil {
		t.Error("a bad limit is accepted")
	}
}

func TestAppServiceHeaders(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil, func(o *Options) { o.AppService = true })
	got := r.echo(http.MethodGet, "/api/echo/x", "", "Host: app.azurewebsites.net", "X-Forwarded-Proto: http", "Disguised-Host: forged")
	if got.Host != "app.azurewebsites.net" || got.Header.Get("X-Forwarded-Proto") != "https" ||
		got.Header.Get("Disguised-Host") != "app.azurewebsites.net" || got.Header.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("host %q, headers %v", got.Host, got.Header)
	}
}

func TestAnswerIsPassedOn(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	got := r.get("/api/do/answer").want(t, http.StatusTemporaryRedirect)
	if got.body != "first,second" || len(got.TransferEncoding) > 0 || got.ContentLength != 12 {
		t.Errorf("body %q, length %d, transfer encoding %v: want it whole", got.body, got.ContentLength, got.TransferEncoding)
	}
	for name, want := range map[string]string{
		"Location": "/elsewhere", "Retry-After": "7", "Etag": `"v1"`, "Content-Type": "text/custom", "Content-Encoding": "gzip",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	if cookies := got.Header.Values("Set-Cookie"); !slices.Equal(cookies, []string{"a=1", "b=2"}) {
		t.Errorf("cookies %q", cookies)
	}
}

func TestHeadAnswer(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	if got := r.send(http.MethodHead, "/api/echo/x", "").want(t, http.StatusOK); got.body != "" || got.Header.Get("Content-Length") == "" {
		t.Errorf("HEAD: body %q, headers %v", got.body, got.Header)
	}
}

func TestBrokenAnswer(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	if got := r.get("/api/do/half").want(t, http.StatusInternalServerError); got.body != "" {
		t.Errorf("a broken answer reaches the client: %q", got.body)
	}
}

// TestClientLeaves: the handler must not notice.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL()+"/api/do/hold", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan error)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		left <- err
	}()
	eventually(t, "the request is held", func() bool { return r.get("/api/do/held").body == "1 0" })
	leave()
	if err := <-left; err == nil {
		t.Fatal("the client did not leave")
	}
	r.get("/api/do/let").want(t, http.StatusOK)
	eventually(t, "the request ends", func() bool { return strings.HasPrefix(r.get("/api/do/held").body, "0 ") })
	if got := r.get("/api/do/held").body; got != "0 0" {
		t.Errorf("held and left: %s, want the handler not to notice", got)
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("a=1&A=2&b=%zz;=+")
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.ContainsFunc(raw, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return // refused before
		}
		once := parseQuery(raw).String()
		if twice := parseQuery(once).String(); twice != once {
			t.Errorf("not stable: %q, then %q", once, twice)
		}
	})
}

// TestNoReplay: nothing that the client sends may make Go's transport send a
// POST twice. The transport looks for the canonical name.
func TestNoReplay(t *testing.T) {
	t.Parallel()
	sent, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range replayHeaders {
		sent.Header.Set(name, "k")
	}
	request, err := forwarded(t.Context(), sent, "/", "127.0.0.1:1", nil, "id")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range replayHeaders {
		if _, canonical := request.Header[name]; canonical {
			t.Errorf("%s in a form that Go's transport knows", name)
		}
	}
	r := start(t, appFiles(t), nil)
	got := r.echo(http.MethodPost, "/api/echo/x", "", "Idempotency-Key: one", "X-Idempotency-Key: two")
	if got.Header.Get("Idempotency-Key") != "one" || got.Header.Get("X-Idempotency-Key") != "two" {
		t.Errorf("headers %v", got.Header)
	}
}
