package callback

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	secretQuery = "api-version=2016-10-01&sp=%2Fruns%2F0858%2Fread&sv=1.0&sig=th3-S1gnatur3%2bof_a~run"
	exactURL    = "https://Prod-01.westeurope.logic.azure.com:443/workflows/a1%2Fb2/runs/0858?" + secretQuery
)

func defaults() Policy { return Policy{Hosts: DefaultHosts()} }

func mustURL(t testing.TB, p Policy, raw string) URL {
	t.Helper()
	u, err := p.Check(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestURLsThatAreAllowed(t *testing.T) {
	t.Parallel()
	for raw, host := range map[string]string{
		exactURL:                   "prod-01.westeurope.logic.azure.com",
		"HTTPS://logic.azure.com/": "logic.azure.com",
		"https://app.azurewebsites.net/api/a?x=1&x=2&y":                  "app.azurewebsites.net",
		"https://weu.svc.datafactory.azure.com/workflow/callback/a?t=%%": "weu.svc.datafactory.azure.com",
		"https://a.logic.azure.com//b/./../c?":                           "a.logic.azure.com",
		"https://a.logic.azure.com/a;b=c/(d)'!*,$&+:@=?{a}|^`\"<>[]":     "a.logic.azure.com",
		"https://a.logic.azure.com/?" + strings.Repeat("q", 4096-27):     "a.logic.azure.com",
	} {
		u, err := defaults().Check(raw)
		if err != nil || u.Exact() != raw || u.host() != host {
			t.Errorf("Check(%.80s) = %q, host %q, %v, want it unchanged, host %q", raw, u.Exact(), u.host(), err, host)
		}
	}
}

func TestURLsThatAreNot(t *testing.T) {
	t.Parallel()
	for raw, code := range map[string]string{
		"":                                                             CodeInvalid,
		"/relative?sig=S1gnatur3":                                      CodeInvalid,
		"//logic.azure.com/":                                           CodeInvalid,
		"http://logic.azure.com/":                                      CodeInvalid,
		"ftp://logic.azure.com/":                                       CodeInvalid,
		"https:logic.azure.com/":                                       CodeInvalid,
		"https:///a":                                                   CodeInvalid,
		"https://logic.azure.com":                                      CodeInvalid, // what is sent would not be what was given
		"https://logic.azure.com?a":                                    CodeInvalid,
		"https://logic.azure.com/#":                                    CodeInvalid,
		"https://logic.azure.com/?a#b":                                 CodeInvalid,
		"https://me@logic.azure.com/":                                  CodeInvalid,
		"https://me:S1gnatur3@logic.azure.com/":                        CodeInvalid,
		"https://@logic.azure.com/":                                    CodeInvalid,
		"https://evil.com\\@logic.azure.com/":                          CodeInvalid,
		"https://logic.azure.com:8443/":                                CodeForbidden,
		"https://logic.azure.com:80/":                                  CodeForbidden,
		"https://logic.azure.com:/":                                    CodeInvalid,
		"https://logic.azure.com:0443/":                                CodeInvalid,
		"https://logic.azure.com:443:443/":                             CodeInvalid,
		"https://logic.azure.com:+443/":                                CodeInvalid,
		"https://logic.azure.com./":                                    CodeInvalid,
		"https://.logic.azure.com/":                                    CodeInvalid,
		"https://a..logic.azure.com/":                                  CodeInvalid,
		"https://logic.azure.com%2eevil.com/":                          CodeInvalid,
		"https://a_b.logic.azure.com/":                                 CodeInvalid,
		"https://127.0.0.1/":                                           CodeInvalid,
		"https://127.1/":                                               CodeInvalid,
		"https://2130706433/":                                          CodeInvalid,
		"https://0x7f000001/":                                          CodeInvalid,
		"https://[::1]/":                                               CodeInvalid,
		"https://[::ffff:169.254.169.254]/":                            CodeInvalid,
		"https://evillogic.azure.com/":                                 CodeForbidden,
		"https://azure.com/":                                           CodeForbidden,
		"https://logic.azure.com.evil.com/":                            CodeForbidden,
		"https://localhost/":                                           CodeForbidden,
		"https://logic.azure.com/a b":                                  CodeInvalid,
		"https://logic.azure.com/?a\r\nHost: x":                        CodeInvalid,
		"https://logic.azure.com/\u00e4":                               CodeInvalid,
		"https://logic.azure.com/a%zz":                                 CodeInvalid,
		"https://logic.azure.com/a\"b":                                 CodeInvalid, // net/http would encode it
		" https://logic.azure.com/":                                    CodeInvalid,
		"https://logic.azure.com/?" + strings.Repeat("S1gnatur3", 500): CodeTooLong,
	} {
		u, err := defaults().Check(raw)
		var problem *Error
		if !errors.As(err, &problem) || problem.Code != code || u != (URL{}) {
			t.Errorf("%.80q: %v, want %s", raw, err, code)
		}
		if err != nil && strings.Contains(err.Error(), "S1gnatur3") {
			t.Errorf("Check(%.80q) = %v, want an error without the secret", raw, err)
		}
	}
}

// A URL that is printed, formatted, marshalled or logged shows neither path nor query, also
// inside other values.
func TestURLIsNeverPrinted(t *testing.T) {
	t.Parallel()
	u := mustURL(t, defaults(), exactURL)
	type outer struct {
		URL    URL
		hidden URL
		Ptr    *URL
		List   []URL
		Map    map[string]URL
		Any    any
		Rec    record
		Reg    Registration
	}
	op := Operation{ID: "id", Caller: "capability-1d", Base: "https://app"}
	o := outer{u, u, &u, []URL{u}, map[string]URL{"a": u}, u, record{url: u, operation: op}, Registration{URL: u, Operation: op}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10.3v"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", u, &u, o)
	}
	for _, log := range []*slog.Logger{slog.New(slog.NewJSONHandler(&out, nil)), slog.New(slog.NewTextHandler(&out, nil))} {
		log.Info("x", "url", u, "ptr", &u, "outer", o, "rec", o.Rec, "op", op)
	}
	for _, v := range []any{u, &u, o, u.String()} {
		b, err := json.Marshal(v)
		if err != nil && !strings.Contains(err.Error(), "unsupported") {
			t.Fatal(err)
		}
		out.Write(b)
	}
	fmt.Fprintln(&out, u, fmt.Errorf("wrapped: %v %w", u, &Error{CodeInvalid, u.String()}))
	for line := range strings.Lines(out.String()) {
		for _, secret := range []string{"S1gnatur3", "sig=", "workflows", "0858", "a1%2Fb2", "capability"} {
			if strings.Contains(line, secret) {
				t.Errorf("%q is printed, want it hidden: %s", secret, line)
			}
		}
	}
	if !strings.Contains(out.String(), "https://prod-01.westeurope.logic.azure.com/...") {
		t.Errorf("printed %s, want scheme and host", out.String())
	}
}

func TestZeroURL(t *testing.T) {
	t.Parallel()
	var u URL
	if got := fmt.Sprintf("%v|%s|%s", u, u.Exact(), u.host()); got != "||" {
		t.Errorf("the zero URL is printed as %q, want nothing", got)
	}
}

// FuzzCheck: an allowed URL is https, on the list, and is sent as it was given.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{exactURL, "https://logic.azure.com/", "https://logic.azure.com:443/a?b=%2F#c", "https://u@logic.azure.com/",
		"https://x.logic.azure.com//a/../b;c?d", "https://[::1]/", "https://logic.azure.com\\x/", "https://logic.azure.com/%", "https://1.2.3.4/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := defaults().Check(raw)
		if err != nil {
			if u != (URL{}) {
				t.Errorf("Check(%q) = %v and a URL, want none", raw, err)
			}
			return
		}
		host := u.host()
		listed := false
		for _, name := range []string{"logic.azure.com", "azurewebsites.net", "svc.datafactory.azure.com", "powerplatform.com"} {
			listed = listed || host == name || strings.HasSuffix(host, "."+name)
		}
		if !listed || u.Exact() != raw || !strings.EqualFold(raw[:8], "https://") {
			t.Fatalf("Check(%q) allows host %q, want one of the list", raw, host)
		}
		req, err := (&Sender{}).request(t.Context(), u, nil)
		if err != nil {
			t.Fatalf("the request of %q: %v, want no error", raw, err)
		}
		if wire, want := requestLine(t, req), "POST "+raw[8+strings.IndexByte(raw[8:], '/'):]+" HTTP/1.1"; wire != want {
			t.Errorf("%q goes out as\n%s\nwant\n%s", raw, wire, want)
		}
	})
}

// requestLine is the first line of a request as net/http writes it.
func requestLine(t *testing.T, req *http.Request) string {
	t.Helper()
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(wire.String(), "\r\n")
	return line
}

func TestQueryGoesOutByteForByte(t *testing.T) {
	t.Parallel()
	var got string
	srv := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI + " " + r.Host }))
	defer srv.Close()
	s := senderTo(t, srv)
	for _, raw := range []string{exactURL, "https://a.logic.azure.com/a+b%20c?q=%2f%2F+a%20&&=;x", "https://a.logic.azure.com/?"} {
		if res := s.Send(t.Context(), mustURL(t, s.policy, raw), nil); res.Status != 200 {
			t.Fatalf("the result of %s is %v, want status 200", raw, res)
		}
		rest := raw[8+strings.IndexByte(raw[8:], '/'):]
		if want := rest + " " + mustURL(t, s.policy, raw).host(); got != want {
			t.Errorf("received %s\nwant     %s", got, want)
		}
	}
}
