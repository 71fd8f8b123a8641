package funchost

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

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
