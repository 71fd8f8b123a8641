package sim_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

const errorInfo = "X-PowerBI-Error-Info"

// The matrix of 401, 403 and 404, as measured on a live tenant or seen.
var authMatrix = []struct {
	name   string
	set    func(*bench)
	header string // replaces the good Authorization header
	path   string
	status int
	info   string
	code   string
	text   string
}{
	{name: "no Authorization header", header: "-", status: 403},
	{name: "malformed token", header: "Bearer nonsense", status: 403, info: "InvalidToken"},
	{name: "another scheme", header: "Basic a.b.c", status: 403, info: "InvalidToken"},
	{name: "well-formed but invalid JWT", header: "Bearer " + forged(), status: 403, info: "TokenExpired"},
	{name: "not base64", header: "Bearer a.b!.c", status: 403, info: "TokenExpired"},
	{name: "expired", set: func(b *bench) { b.clock.Add(91 * 24 * time.Hour) }, status: 403, info: "TokenExpired"},
	{name: "revoked", set: func(b *bench) { b.Entra.RevokeTokens(sim.ClientID) }, status: 403, info: "TokenExpired"},
	{
		name: "expired, older style: documented", set: func(b *bench) { b.PowerBI.ExpireWithBody(true); b.Entra.RevokeTokens(sim.ClientID) },
		status: 403, code: "TokenExpired", text: "Access token has expired, resubmit with a new access token",
	},
	{name: "wrong audience", set: func(b *bench) { b.token = tokenFor(b, sim.ClientID, "https://vault.azure.net") }, status: 403, info: "TokenExpired"},
	{name: "the audience the guide names", set: func(b *bench) { b.token = tokenFor(b, sim.ClientID, "https://api.powerbi.com") }, status: 200},
	{name: "no workspace access", set: func(b *bench) { b.must(b.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, 0)) }, status: 401, info: "GroupNotAccessible"},
	{name: "unverified: unknown workspace", path: refreshesPath(sim.Ref{Workspace: "no", Model: "no"}), status: 401, info: "GroupNotAccessible"},
	{name: "unknown model", path: refreshesPath(sim.Ref{Workspace: sim.WorkspaceID, Model: "no"}), status: 404, code: "PowerBIEntityNotFound"},
	{name: "reader of the history", set: func(b *bench) { b.must(b.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, sim.RoleViewer)) }, status: 403},
	{
		name: "reader of a detail: wrong id or no permission", path: refreshesPath(sim.Sales()) + "/x", status: 404, code: "PowerBIEntityNotFound",
		set: func(b *bench) { b.must(b.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, sim.RoleViewer)) },
	},
	{name: "tenant setting off", set: func(b *bench) { b.PowerBI.SetAccess(sim.AccessSettingOff) }, status: 403, text: `{"Message":"API is not accessible for application"}`},
	{name: "not in the allowed group", set: func(b *bench) { b.PowerBI.SetAccess(sim.AccessNotInGroup) }, status: 401, code: "PowerBINotAuthorizedException"},
	{name: "conditional access", set: func(b *bench) { b.PowerBI.SetAccess(sim.AccessConditional) }, status: 401},
	{name: "outside groups", path: "/datasets/" + sim.SalesModel + "/refreshes", status: 403, text: "API is not accessible for application"},
}

func TestAuthMatrix(t *testing.T) {
	t.Parallel()
	for _, row := range authMatrix {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if row.set != nil {
				row.set(b)
			}
			header := map[string]string{"Authorization": "Bearer " + b.token}
			if row.header != "" {
				header["Authorization"] = strings.TrimPrefix(row.header, "-")
			}
			where := row.path
			if where == "" {
				where = refreshesPath(sim.Sales())
			}
			r := b.send(http.MethodGet, "https://"+sim.PowerBIHost+"/v1.0/myorg"+slash(where), "", header)
			if r.status != row.status || r.header.Get(errorInfo) != row.info {
				t.Errorf("%d %q, want %d %q", r.status, r.header.Get(errorInfo), row.status, row.info)
			}
			if row.code == "" && row.text == "" && row.status != 200 && r.body != "" {
				t.Errorf("body %q, want none", r.body)
			}
			if row.code != "" {
				if code, _ := errorOf(t, r); code != row.code {
					t.Errorf("code %q, want %q", code, row.code)
				}
			}
			if !strings.Contains(r.body, row.text) {
				t.Errorf("body: got %q; want a text with %q", r.body, row.text)
			}
		})
	}
}

func slash(path string) string { return "/" + strings.TrimPrefix(path, "/") }

// forged looks like a token and is none of ours.
func forged() string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256"}`) + "." + part(`{"aud":"https://api.powerbi.com","exp":9999999999}`) + "." + part("signature")
}

func tokenFor(b *bench, app, audience string) string {
	b.t.Helper()
	token, _, err := b.Entra.Token(sim.TenantID, app, audience)
	b.must(err)
	return token
}

func TestConditionalAccessChallenge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.PowerBI.SetAccess(sim.AccessConditional)
	r := b.api(http.MethodGet, refreshesPath(sim.Sales()), "")
	if !strings.Contains(r.header.Get("WWW-Authenticate"), "insufficient_claims") {
		t.Errorf("WWW-Authenticate: got %q; want a text with 'insufficient_claims'", r.header.Get("WWW-Authenticate"))
	}
}

func TestIDsIgnoreCase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	upper := sim.Ref{Workspace: strings.ToUpper(sim.WorkspaceID), Model: strings.ToUpper(sim.SalesModel)}
	id := b.mustStart(upper, enhancedBody)
	if r := b.detail(sim.Sales(), strings.ToUpper(id)); r.status != http.StatusAccepted {
		t.Errorf("got %d; want HTTP 202", r.status)
	}
}

// Shape 2 of the error bodies has no message (seen: MicrosoftDocs/powerbi-docs#3234).
func TestEntityNotFoundShape(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.detail(sim.Sales(), "x")
	want := `{"error":{"code":"PowerBIEntityNotFound","pbi.error":{"code":"PowerBIEntityNotFound","parameters":{},"details":[],"exceptionCulprit":1}}}`
	if r.body != want {
		t.Errorf("got %s; want body %v", r.body, want)
	}
}

func TestThrottleWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.PowerBI.Throttle(3392*time.Second, sim.OpStart)
	r := b.start(sim.Sales(), "")
	want := `{"message":"You have exceeded the amount of requests allowed in the current time frame and further requests will fail. Retry in 3392 seconds."}`
	if r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") != "3392" || r.body != want {
		t.Errorf("seen RuiRomano/pbimonitor#58: got %d %q %s; want HTTP 429, Retry-After 3392, body %v", r.status, r.header.Get("Retry-After"), r.body, want)
	}
	if n := len(b.history(sim.Sales(), "")); n != 0 { // another class of calls goes on
		t.Errorf("got %d rows after a throttled request, want none", n)
	}
	b.clock.Add(3390*time.Second + 500*time.Millisecond)
	if r := b.start(sim.Sales(), ""); r.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q, want what is left, rounded up", r.header.Get("Retry-After"))
	}
	b.clock.Add(2 * time.Second)
	b.mustStart(sim.Sales(), "")
	b.PowerBI.Throttle(time.Minute)
	if r := b.api(http.MethodGet, refreshesPath(sim.Sales()), ""); r.status != http.StatusTooManyRequests {
		t.Errorf("all calls: got %d; want HTTP 429", r.status)
	}
}
