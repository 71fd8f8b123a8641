package handler

import (
	"net/http"
	"strings"
	"testing"
)

const (
	statusPath    = "/api/refreshes/" + testID + "?sig=" + testSig
	cancelPath    = "/api/operations/" + testID + "/cancel?sig=" + testSig
	cancelAllPath = "/api/operations/" + testID + "/cancel-all"
)

// A status URL has the host that the caller used only if that is a known one.
func TestBaseURL(t *testing.T) {
	t.Parallel()
	const app = "https://app.azurewebsites.net"
	for _, tc := range []struct {
		name, base, hosts string
		headers           []string
		want              string // empty: refused
	}{
		{"the setting", "https://refresh.example.com", "", []string{"Host: other", "X-Forwarded-Proto: http"}, "https://refresh.example.com"},
		{"with a path and a slash", "https://gw.example.com/pbi/", "", nil, "https://gw.example.com/pbi"},
		{"a further host", app, "refresh.example.com", []string{"Host: refresh.example.com"}, "https://refresh.example.com"},
		{"in capitals", app, "Refresh.Example.com", []string{"Host: REFRESH.example.COM"}, "https://refresh.example.com"},
		{"with the port of https", app, "refresh.example.com", []string{"Host: refresh.example.com:443"}, "https://refresh.example.com"},
		{"named with that port", app, "refresh.example.com:443", []string{"Host: refresh.example.com"}, "https://refresh.example.com"},
		{"with a port", app, "a.example.com; gw.example.com:8443", []string{"Host: gw.example.com:8443"}, "https://gw.example.com:8443"},
		{"with another port", app, "gw.example.com:8443", []string{"Host: gw.example.com"}, app},
		{"said to be http", app, "refresh.example.com", []string{"Host: refresh.example.com", "X-Forwarded-Proto: http"}, "https://refresh.example.com"},
		{"the platform's own name next to a domain", "https://refresh.example.com", "app.azurewebsites.net", []string{"Host: app.azurewebsites.net"}, app},
		{"a further host, and no base", "", "refresh.example.com", []string{"Host: refresh.example.com"}, "https://refresh.example.com"},

		{"a stranger", app, "refresh.example.com", []string{"Host: evil.example"}, app},
		{"a subdomain of a known host", app, "example.com", []string{"Host: evil.example.com"}, app},
		{"a known host as a subdomain", app, "example.com", []string{"Host: example.com.evil.example"}, app},
		{"a forwarded host", app, "", []string{"Host: app.azurewebsites.net", "X-Forwarded-Host: evil.example", "X-Original-Host: evil.example", "Forwarded: host=evil.example"}, app},
		{"a user before a known host", app, "example.com", []string{"Host: example.com@evil.example"}, app},
		{"this machine, from afar", app, "", []string{"Host: localhost:7071"}, app},

		{"local", "", "", []string{"Host: localhost:7071"}, "http://localhost:7071"},
		{"local, said to be https", "", "", []string{"Host: LOCALHOST:7071", "X-Forwarded-Proto: HTTPS"}, "http://localhost:7071"},
		{"local, another scheme", "", "", []string{"Host: localhost", "X-Forwarded-Proto: javascript"}, "http://localhost"},
		{"local address", "", "", []string{"Host: 127.0.0.1:7071"}, "http://127.0.0.1:7071"},
		{"local address of IPv6", "", "", []string{"Host: [::1]:7071"}, "http://[::1]:7071"},
		{"local, named", "", "localhost:7071", []string{"Host: localhost:7071"}, "http://localhost:7071"},

		{"no base, a stranger", "", "", []string{"Host: evil.example"}, ""},
		{"no base, a forwarded host", "", "", []string{"Host: evil.example", "X-Forwarded-Host: localhost"}, ""},
		{"no base, almost local", "", "", []string{"Host: localhost.evil.example"}, ""},
		{"no base, local in the user", "", "", []string{"Host: localhost:80@evil.example"}, ""},
		{"no base, local in the user, with a port", "", "", []string{"Host: localhost@evil.example:80"}, ""},
		{"no base, an address in a name", "", "", []string{"Host: 127.0.0.1.evil.example"}, ""},
		{"no base, a path in the port", "", "", []string{"Host: localhost:80/evil"}, ""},
		{"no base, a port that is none", "", "", []string{"Host: localhost:+80"}, ""},
		{"no base, a zone", "", "", []string{"Host: [::1%25evil]:80"}, ""},
		{"no base, a network", "", "", []string{"Host: 0.0.0.0:7071"}, ""},
		{"no base, a private address", "", "", []string{"Host: 10.0.0.4:7071"}, ""},
		{"no base, no host", "", "", []string{"Host: "}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			hosts, err := ParseHosts(tc.hosts)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t, func(c *Config) { c.BaseURL, c.Hosts = tc.base, hosts })
			a := b.trigger(wholeModel(), tc.headers...)
			if tc.want != "" {
				a.isAccepted(tc.want+statusPath, "5")
				return
			}
			if e := a.is(http.StatusBadRequest).has("Location", "").wireError(); e.Code != "HostNotTrusted" || !strings.Contains(e.Message, "PUBLIC_BASE_URL") || len(b.fake.calls) != 0 {
				t.Errorf("%s, calls %v", a.raw, b.fake.calls)
			}
			if strings.Contains(string(a.raw), "evil") {
				t.Errorf("the answer repeats the host: %s", a.raw)
			}
		})
	}
}

// A route that tells status URLs tells none of a host that is not known, and looks for
// nothing first.
func TestStrangersHostAndSchedules(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.BaseURL, c.Schedules = "", &fakeSchedules{listing: exampleListing(t)} })
	if e := b.do(http.MethodGet, "/api/schedules", "", "Host: evil.example").is(http.StatusBadRequest).wireError(); e.Code != "HostNotTrusted" || len(b.fake.calls) != 0 {
		t.Errorf("%+v, calls %v", e, b.fake.calls)
	}
	b.do(http.MethodGet, "/api/schedules", "", "Host: localhost:7071").is(http.StatusOK)
}

// Nothing of a host that is not known gets into any answer.
func TestStrangersHostIsInNoAnswer(t *testing.T) {
	t.Parallel()
	for _, base := range []string{testBase, ""} {
		b := newBench(t, func(c *Config) { c.BaseURL = base })
		for _, request := range []string{
			"POST /api/refreshes", "GET " + statusPath, "POST " + statusPath + "/cancel", "POST " + statusPath + "/cancel-all", "GET /api/health", "GET /api/other", "PUT /api/refreshes",
		} {
			method, path, _ := strings.Cut(request, " ")
			a := b.do(method, path, wholeModel(), "Host: evil.example", "X-Forwarded-Host: evil.example")
			for name, values := range a.header {
				if strings.Contains(strings.Join(values, ""), "evil") {
					t.Errorf("%s: %s: %v", request, name, values)
				}
			}
			if strings.Contains(string(a.raw), "evil") {
				t.Errorf("%s: %s", request, a.raw)
			}
		}
	}
}

func TestParseHostsRefuses(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"https://example.com", "example.com/", "*.example.com", ".example.com", "example.com.", "me@example.com", "example.com:0", "example.com:x", "a:1:2", "exa_mple", "[::1]", "~x",
	} {
		if hosts, err := ParseHosts(list); err == nil || !strings.Contains(err.Error(), "refresh.example.com") {
			t.Errorf("%q: %v, %v", list, hosts, err)
		}
	}
	if hosts, err := ParseHosts(" ,; \n"); err != nil || len(hosts) != 0 {
		t.Errorf("%v, %v", hosts, err)
	}
}
