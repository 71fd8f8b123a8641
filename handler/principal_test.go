package handler

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"pbirefresh/access"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	ada        = "aaaaaaaa-0000-0000-0000-000000000001"
	otherSpace = "11111111-2222-3333-4444-555555555555"
)

// principal is the header that the platform sends for somebody.
func principal(objectID string) string {
	text := `{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + objectID + `"}],"name_typ":"n","role_typ":"r"}`
	return access.PrincipalHeader + ": " + base64.StdEncoding.EncodeToString([]byte(text))
}

// guarded are routes with a policy: ada may trigger one model, and cancel there.
func guarded(t *testing.T, easyAuth bool, changes ...func(*Config)) *bench {
	t.Helper()
	policy, err := access.Parse([]byte(`{"version":1,"rules":[{"callers":[{"objectId":"` + ada + `"}],"may":["trigger","cancel"],"models":["` + testWorkspace + `"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return newBench(t, append(changes, func(c *Config) {
		c.Guard.Gate = access.Gate{EasyAuth: easyAuth, Policy: policy}
	})...)
}

func TestThePolicyGuardsTriggerAndCancel(t *testing.T) {
	t.Parallel()
	b := guarded(t, true)
	b.fake.cancel = func(string, bool) (refresh.Receipt, error) { return receipt(machine.Running), nil }
	stranger := strings.Replace(ada, "1", "2", 1)
	elsewhere := strings.Replace(wholeModel(), testWorkspace, otherSpace, 1)
	for _, tt := range []struct {
		name, method, path, body, header string
		want                             int
	}{
		{"trigger", "POST", "/api/refreshes", wholeModel(), principal(ada), 202},
		{"trigger elsewhere", "POST", "/api/refreshes", elsewhere, principal(ada), 403},
		{"trigger by a stranger", "POST", "/api/refreshes", wholeModel(), principal(stranger), 403},
		{"trigger by a key alone", "POST", "/api/refreshes", wholeModel(), "X-None: x", 403},
		{"trigger by a broken principal", "POST", "/api/refreshes", wholeModel(), access.PrincipalHeader + ": e30=", 401},
		{"cancel", "POST", cancelPath, "", principal(ada), 202},
		{"cancel elsewhere", "POST", "/api/operations/" + otherID + "/cancel?sig=" + testSig, "", principal(ada), 403},
		{"cancel by a stranger", "DELETE", cancelPath, "", principal(stranger), 403},
		{"cancel for all", "POST", cancelAllPath, "", principal(ada), 403},
		{"cancel of nothing", "POST", "/api/operations/nothing/cancel?sig=" + testSig, "", principal(ada), 404},
	} {
		before := b.fake.count("trigger") + b.fake.count("cancel")
		a := b.do(tt.method, tt.path, tt.body, tt.header)
		if a.is(tt.want); (b.fake.count("trigger")+b.fake.count("cancel") > before) != (tt.want == 202) {
			t.Errorf("%s: the coordinator was asked, or was not", tt.name)
		}
		if tt.want == 403 && a.wireError().Code != "CallerNotAllowed" {
			t.Errorf("%s: %s", tt.name, a.raw)
		}
	}
	// The status URL needs nothing but its signature.
	b.fake.status = always(receipt(machine.Running))
	b.status(principal(stranger)).is(http.StatusAccepted)
}

// The routes for who has a key: who may trigger a model may read its operations, and
// only the policy gives the right to cancel for everybody.
func TestThePolicyGuardsOperations(t *testing.T) {
	t.Parallel()
	const read, forAll = "/api/operations/" + testID, "/api/operations/" + testID + "/cancel-for-all"
	boss, reader := strings.Replace(ada, "1", "3", 1), strings.Replace(ada, "1", "4", 1)
	policy, err := access.Parse([]byte(`{"version":1,"rules":[{"callers":[{"objectId":"` + ada + `"}],"may":["trigger"],"models":["` + testWorkspace + `"]},
		{"callers":[{"objectId":"` + boss + `"}],"may":["cancel-all"],"models":["*"]},{"callers":[{"objectId":"` + reader + `"}],"may":["read"],"models":["*"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, func(c *Config) { c.Guard.Gate = access.Gate{EasyAuth: true, Policy: policy} })
	b.fake.status = always(receipt(machine.Running))
	b.fake.cancel = func(_ string, all bool) (refresh.Receipt, error) {
		if !all {
			t.Error("cancel-for-all cancelled one share")
		}
		return receipt(machine.Running), nil
	}
	for _, tt := range []struct {
		name, method, path, who string
		want                    int
	}{
		{"who may trigger reads", "GET", read, ada, 202},
		{"who may read reads", "GET", read, reader, 202},
		{"who may only cancel reads", "GET", read, boss, 403},
		{"another model", "GET", "/api/operations/" + otherID, ada, 403},
		{"for all", "POST", forAll, boss, 202},
		{"for all without the right", "POST", forAll, ada, 403},
	} {
		if a := b.do(tt.method, tt.path, "", principal(tt.who)); a.code != tt.want {
			t.Errorf("%s: %s %s = %d, want %d", tt.name, tt.method, tt.path, a.code, tt.want)
		}
	}
	free := newBench(t)
	free.fake.status = b.fake.status
	free.do("POST", forAll, "").is(http.StatusForbidden)
	if d := free.do("GET", read, "").is(http.StatusAccepted).document(); d.StatusURL != testBase+read || d.TerminatePostURI != testBase+read+"/cancel-all" {
		t.Errorf("GET %s has the URLs %s and %s, want keyed ones without a signature", read, d.StatusURL, d.TerminatePostURI)
	}
	free.do("GET", read+"?sig=forged", "").is(http.StatusNotFound)
	if d := free.do("GET", read+"?sig="+testSig, "").is(http.StatusAccepted).document(); d.StatusURL != testStatusURL {
		t.Errorf("with a signature the status URL is %s, want the caller's, %s", d.StatusURL, testStatusURL)
	}
	free.do("GET", "/api/operations/nothing", "").is(http.StatusNotFound)
}

// Where the route without a key is closed, every URL that is given out wants a key, and
// the other answers 404 to all.
func TestClosedStatusRoute(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.StatusKeyed = true })
	b.fake.status = always(receipt(machine.Running))
	want := testBase + "/api/operations/" + testID + "?sig=" + testSig
	if d := b.trigger(wholeModel()).is(http.StatusAccepted).has("Location", want).has("Operation-Location", want).document(); d.StatusURL != want {
		t.Errorf("statusUrl is %s, want %s", d.StatusURL, want)
	}
	b.do("GET", strings.TrimPrefix(want, testBase), "").is(http.StatusAccepted)
	b.status().is(http.StatusNotFound)
	if n := b.fake.count("status"); n != 1 {
		t.Errorf("the coordinator was asked %d times, want once: a closed route does nothing", n)
	}
}

const otherID = otherSpace + "_" + testDataset + "_0123456789abcdef_7"

// Who was turned away, from where, and from what, is in the log: somebody who tries doors
// is seen. The words are ours: nothing of it can be chosen but the model's GUIDs.
func TestDeniedCallersAreInTheLog(t *testing.T) {
	t.Parallel()
	b := guarded(t, true, func(c *Config) { c.Guard.FrontEnd = true })
	elsewhere := strings.Replace(wholeModel(), testWorkspace, otherSpace, 1)
	b.trigger(elsewhere, principal(ada), "X-Forwarded-For: 10.0.0.1, 203.0.113.7:4711").is(http.StatusForbidden)
	b.do("POST", "/api/operations/"+otherID+"/cancel-all", "", "X-None: x").is(http.StatusForbidden)
	lines := b.log.records(t)
	for i, want := range []string{
		"CallerNotAllowed: object:" + ada + " at 203.0.113.7 may not trigger " + otherSpace + "/" + testDataset,
		"CallerNotAllowed: key at an unknown address may not cancel-all " + otherSpace + "/" + testDataset,
	} {
		if lines[i]["error"] != want {
			t.Errorf("%v, want %s", lines[i]["error"], want)
		}
	}
}

// Without Easy Auth the header is anybody's: it opens nothing.
func TestAForgedPrincipalOpensNothing(t *testing.T) {
	t.Parallel()
	b := guarded(t, false)
	b.trigger(wholeModel(), principal(ada)).is(http.StatusForbidden)
	if b.fake.count("trigger") != 0 {
		t.Error("and yet it was asked for")
	}
}

// What the policy refuses costs no model's rate: strangers cannot use it up.
func TestRefusalsCostNoRate(t *testing.T) {
	t.Parallel()
	b := guarded(t, true, func(c *Config) { c.Guard.PerModel = Rate{1, time.Hour} })
	for range 3 {
		b.trigger(wholeModel(), "X-None: x").is(http.StatusForbidden)
	}
	b.trigger(wholeModel(), principal(ada)).is(http.StatusAccepted)
	b.trigger(wholeModel(), principal(ada)).is(http.StatusTooManyRequests)
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	behind, alone := newGuard(Guard{FrontEnd: true}), newGuard(Guard{})
	for sent, want := range map[string]string{
		"203.0.113.7:51234":                  "203.0.113.7",
		"203.0.113.7":                        "203.0.113.7",
		"10.0.0.1, 203.0.113.7:51234":        "203.0.113.7", // what a client made up comes first
		"[2001:db8::1]:443":                  "2001:db8::1",
		"2001:db8::1":                        "2001:db8::1",
		"fe80::1%eth0":                       "fe80::1",
		"":                                   "",
		"unknown":                            "",
		"203.0.113.7:51234\r\nSet-Cookie: x": "",
		"203.0.113.7,":                       "",
		strings.Repeat("1.2.3.4,", 9000):     "",
	} {
		if got := behind.address(http.Header{"X-Forwarded-For": {sent}}); got != want {
			t.Errorf("%.40q: %q, want %q", sent, got, want)
		}
		if got := alone.address(http.Header{"X-Forwarded-For": {sent}}); got != "" {
			t.Errorf("%.40q without a front end: got %q, want no address", sent, got)
		}
	}
	if got := behind.address(http.Header{"X-Forwarded-For": {"1.1.1.1", "2.2.2.2:1"}}); got != "2.2.2.2" {
		t.Errorf("two headers: %q", got)
	}
}

// Several keys in one place are refused on every route that a key opens, and nothing is
// done: the host has checked the first one only.
func TestSeveralKeysAreRefused(t *testing.T) {
	t.Parallel()
	for _, request := range []string{
		"POST /api/refreshes", "GET /api/operations/" + testID, "POST " + cancelPath, "DELETE " + cancelPath, "POST " + cancelAllPath, "GET /api/health/ready",
	} {
		for _, key := range []string{"good, bad", "good,bad", ","} {
			b := newBench(t)
			method, path, _ := strings.Cut(request, " ")
			a := b.do(method, path, wholeModel(), "x-functions-key: "+key)
			if a.is(http.StatusBadRequest); a.wireError().Code != "KeyRepeated" || len(b.fake.calls) > 0 {
				t.Errorf("%s with the keys %q: %s, calls %v, want KeyRepeated and none", request, key, a.raw, b.fake.calls)
			}
		}
	}
}
