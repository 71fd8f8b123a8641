package access

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pbirefresh/internal/guid"
)

const (
	ada    = "aaaaaaaa-0000-0000-0000-000000000001"
	bob    = "bbbbbbbb-0000-0000-0000-000000000002"
	tenant = "cccccccc-0000-0000-0000-000000000003"
)

// principalOf is the header as the platform sends it.
func principalOf(t testing.TB, claims ...string) string {
	t.Helper()
	p := map[string]any{"auth_typ": "aad", "name_typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "role_typ": longRole}
	list := []map[string]string{}
	for i := 0; i+1 < len(claims); i += 2 {
		list = append(list, map[string]string{"typ": claims[i], "val": claims[i+1]})
	}
	p["claims"] = list
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func TestParsePrincipal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		claims []string
		want   string // object, app, tenant, name, roles
	}{
		"a person": {[]string{longObjectID, ada, longTenantID, tenant, "appid", bob, "preferred_username", "ada@contoso.com", "name", "Ada"},
			ada + " " + bob + " " + tenant + " ada@contoso.com []"},
		"a managed identity":  {[]string{"oid", strings.ToUpper(ada), "azp", bob, "roles", "Refresher", longRole, "Canceller"}, ada + " " + bob + "   [Refresher Canceller]"},
		"the same twice":      {[]string{"oid", ada, longObjectID, ada}, ada + "    []"},
		"an application only": {[]string{"appid", bob}, " " + bob + "   []"},
		"a name with a trick": {[]string{"oid", ada, "preferred_username", "a\r\nb\x1b[31m\u202e"}, ada + "   a??b?[31m? []"},
	} {
		p, err := parsePrincipal(principalOf(t, tt.claims...))
		got := strings.Join([]string{p.ObjectID, p.AppID, p.TenantID, p.Name, "[" + strings.Join(p.Roles, " ") + "]"}, " ")
		if err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
	if p, err := parsePrincipal(principalOf(t, "oid", ada, "preferred_username", strings.Repeat("x", 900))); err != nil || len(p.Name) != maxName {
		t.Errorf("a long name: %d, %v", len(p.Name), err)
	}
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestPrincipalsThatAreNone(t *testing.T) {
	t.Parallel()
	many := make([]string, 2*(maxClaims+1))
	for i := range many {
		many[i] = "x"
	}
	for name, header := range map[string]string{
		"empty": "", "no base64": "{}", "no JSON": encoded("x"), "an array": encoded("[]"), "a null": encoded("null"), "nothing in it": encoded("{}"),
		"text after it":           encoded(`{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + ada + `"}]} {}`),
		"a claim in another case": encoded(`{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + ada + `","Val":"x"}]}`),
		"claims twice":            encoded(`{"auth_typ":"aad","claims":[],"claims":[{"typ":"oid","val":"` + ada + `"}]}`),
		"claims in another case":  encoded(`{"auth_typ":"aad","Claims":[],"claims":[{"typ":"oid","val":"` + ada + `"}]}`),
		"no value":                encoded(`{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + ada + `"},{"typ":"roles"}]}`),
		"an empty role type":      encoded(`{"auth_typ":"aad","role_typ":"","claims":[{"typ":"oid","val":"` + ada + `"},{"typ":"","val":"Admin"}]}`),
		"a claim without a type":  encoded(`{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + ada + `"},{"val":"Admin"}]}`),
		"wrong types":             encoded(`{"auth_typ":1,"claims":[]}`),
		"claims of a kind":        encoded(`{"auth_typ":"aad","claims":{"oid":"` + ada + `"}}`),
		"an odd provider":         encoded(`{"auth_typ":"a d","claims":[{"typ":"oid","val":"` + ada + `"}]}`),
		"another provider":        encoded(`{"auth_typ":"google","claims":[{"typ":"oid","val":"` + ada + `"}]}`),
		"no provider":             encoded(`{"claims":[{"typ":"oid","val":"` + ada + `"}]}`),
		"not UTF-8":               encoded("{\"auth_typ\":\"aad\",\"claims\":[{\"typ\":\"oid\",\"val\":\"" + ada + "\"}],\"x\":\"\xff\"}"),
		"line break":              principalOf(t, "oid", ada)[:8] + "\n" + principalOf(t, "oid", ada)[8:],
		"two object ids":          principalOf(t, "oid", ada, longObjectID, bob),
		"two tenants":             principalOf(t, "oid", ada, "tid", tenant, longTenantID, bob),
		"two applications":        principalOf(t, "oid", ada, "appid", tenant, "azp", bob),
		"an id that is none":      principalOf(t, "oid", "ada"),
		"nobody":                  principalOf(t, "name", "Ada"),
		"too many claims":         principalOf(t, append(many, "oid", ada)...),
		"too large":               principalOf(t, "oid", ada, "x", strings.Repeat("x", maxPrincipal)),
	} {
		if p, err := parsePrincipal(header); err == nil || p.ObjectID != "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Without Easy Auth anybody can send the header, so it says nothing.
func TestThePrincipalCountsOnlyWithEasyAuth(t *testing.T) {
	t.Parallel()
	h := http.Header{PrincipalHeader: {principalOf(t, "oid", ada)}}
	if c, err := (Gate{}).Identify(h, nil); err != nil || c.String() != "unknown" {
		t.Errorf("without: %v, %v", c, err)
	}
	if c, err := (Gate{EasyAuth: true}).Identify(h, nil); err != nil || c.String() != "object:"+ada {
		t.Errorf("with: %v, %v", c, err)
	}
	if c, err := (Gate{EasyAuth: true}).Identify(http.Header{}, nil); err != nil || c.String() != "unknown" {
		t.Errorf("with, and nobody signed in: %v, %v", c, err)
	}
	siblings := http.Header{PrincipalHeader + "-Name": {"ada@contoso.com"}, PrincipalHeader + "-Id": {ada}, PrincipalHeader + "-Idp": {"aad"}}
	if c, err := (Gate{EasyAuth: true}).Identify(siblings, nil); err != nil || c.String() != "unknown" {
		t.Errorf("the other headers of a principal: got %v, %v, want an unknown caller", c, err)
	}
	h.Add(PrincipalHeader, principalOf(t, "oid", bob))
	if c, err := (Gate{EasyAuth: true}).Identify(h, nil); err == nil || c.ObjectID != "" {
		t.Errorf("two principals: %v, %v", c, err)
	}
}

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// A key has the name that the policy gives it, wherever it was sent. Several in one place
// are refused: the host has looked at the first only.
func TestNamesOfKeys(t *testing.T) {
	t.Parallel()
	p := mustParse(t, `{"version":1,"keys":{"adf":"`+hash("k1")+`"},"rules":[{"callers":[{"key":"adf"}],"may":["trigger"],"models":["*"]}]}`)
	for _, tt := range []struct {
		name   string
		header []string
		query  string
		want   string
	}{
		{"header", []string{"k1"}, "", "key:adf"},
		{"query", nil, "code=k1", "key:adf"},
		{"header before query", []string{"k2"}, "code=k1", "key"},
		{"empty header", []string{""}, "code=k1", "unknown"}, // the header wins, as in the host
		{"another", []string{"k2"}, "", "key"},
		{"two headers", []string{"k2", "k1"}, "", "refused"},
		{"two headers, joined by the host", []string{"k1, k2"}, "", "refused"},
		{"two in the query", nil, "code=k2&code=k1", "refused"},
		{"two in the query, joined by the host", nil, "code=k1,k2", "refused"},
		{"two spellings", nil, "CODE=k2&code=k1", "refused"},
		{"none", nil, "", "unknown"},
	} {
		query, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		if tt.header != nil {
			h["X-Functions-Key"] = tt.header
		}
		c, err := Gate{Policy: p}.Identify(h, query)
		if refused := errors.Is(err, ErrKeys); refused || tt.want == "refused" {
			if refused != (tt.want == "refused") || c.Owner() != "" {
				t.Errorf("%s: Identify = %s, %v, want %s", tt.name, c, err, tt.want)
			}
			continue
		}
		if err != nil || c.String() != tt.want || strings.Contains(c.String(), "k1") {
			t.Errorf("%s: %s, %v, want %s", tt.name, c, err, tt.want)
		}
	}
}

// What is somebody's stays so, whatever names a policy gives and keys are renewed.
func TestOwners(t *testing.T) {
	t.Parallel()
	named := mustParse(t, `{"version":1,"keys":{"adf":"`+hash("k1")+`"},"rules":[{"callers":[{"key":"adf"}],"may":["trigger"],"models":["*"]}]}`)
	owner := func(p *Policy, easyAuth bool, key string, claims ...string) string {
		h := http.Header{"X-Functions-Key": {key}}
		if len(claims) > 0 {
			h.Set(PrincipalHeader, principalOf(t, claims...))
		}
		c, err := Gate{EasyAuth: easyAuth, Policy: p}.Identify(h, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Owner()
	}
	for _, same := range [][2]string{
		{owner(nil, false, "k1"), owner(named, false, "k1")},
		{owner(nil, true, "k1", "oid", ada), owner(nil, true, "k2", "oid", ada)},
		{owner(nil, false, "k1"), owner(nil, false, "k1", "oid", ada)},
	} {
		if same[0] != same[1] || same[0] == "" || strings.Contains(same[0], "k1") {
			t.Errorf("%q, %q", same[0], same[1])
		}
	}
	all := map[string]bool{owner(nil, false, "k1"): true, owner(nil, false, "k2"): true, owner(nil, true, "k1", "oid", ada): true,
		owner(nil, true, "k1", "oid", bob): true, owner(nil, true, "k1", "appid", bob): true}
	if len(all) != 5 {
		t.Errorf("some of five callers are one: %v", all)
	}
}

// FuzzParsePrincipal: it never panics, and what it takes is somebody with proper ids.
func FuzzParsePrincipal(f *testing.F) {
	f.Add(principalOf(f, "oid", ada, "roles", "x"))
	f.Add(encoded(`{"auth_typ":"aad"}`))
	f.Fuzz(func(t *testing.T, header string) {
		p, err := parsePrincipal(header)
		if err != nil {
			return
		}
		for _, id := range []string{p.ObjectID, p.AppID, p.TenantID} {
			if id != "" && !guid.Valid(id) {
				t.Errorf("id %q", id)
			}
		}
		if p.ObjectID+p.AppID == "" || slices.ContainsFunc([]rune(p.Name), func(r rune) bool { return r < ' ' }) {
			t.Errorf("%+v", p)
		}
	})
}
