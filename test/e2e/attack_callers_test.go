//go:build attack

package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pbirefresh/local/sim"
)

// TestAttackPrincipal: half a principal is refused, and its sibling headers count for
// nothing.
func TestAttackPrincipal(t *testing.T) {
	world, settings := newWorld(t), withPolicy(t, inMemory())
	settings["WEBSITE_AUTH_ENABLED"] = "true"
	a := startApp(t, world, settings)
	good := body(sim.Sales())
	for name, claims := range map[string]string{
		"a member twice":       `{"auth_typ":"aad","auth_typ":"aad","claims":[{"typ":"oid","val":"` + ada + `"}],"name_typ":"n","role_typ":"r"}`,
		"a member in capitals": `{"auth_typ":"aad","Claims":[{"typ":"oid","val":"` + ada + `"}],"claims":[],"name_typ":"n","role_typ":"r"}`,
		"no value":             `{"auth_typ":"aad","claims":[{"typ":"oid"}],"name_typ":"n","role_typ":"r"}`,
		"an empty role type":   `{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + ada + `"},{"typ":"","val":"Admin"}],"name_typ":"n","role_typ":""}`,
		"no JSON":              `oid=` + ada,
	} {
		a.attacked(t, name, good, http.StatusUnauthorized, "PrincipalInvalid", "X-MS-CLIENT-PRINCIPAL", base64.StdEncoding.EncodeToString([]byte(claims)))
	}
	a.attacked(t, "sibling headers", good, http.StatusForbidden, "CallerNotAllowed", "X-MS-CLIENT-PRINCIPAL-ID", ada, "X-MS-CLIENT-PRINCIPAL-NAME", "ada@contoso.com", "X-MS-CLIENT-PRINCIPAL-IDP", "aad")
	untouched(t, a, sim.Sales())
}

// TestAttackReceivers: no callback is accepted for an address inside.
func TestAttackReceivers(t *testing.T) {
	settings := inMemory()
	settings["CALLBACK_HOSTS"] = "logic.azure.com,azurewebsites.net"
	settings["PUBLIC_HOSTS"] = "own.azurewebsites.net"
	a := startApp(t, newWorld(t), settings)
	for _, address := range []string{
		"https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://169.254.169.254/metadata", "http://prod.logic.azure.com/x", "https://prod.logic.azure.com:22/x",
		"https://user@prod.logic.azure.com/x", "https://prod.logic.azure.com.evil.example/x", "https://2130706433/x", "https://0x7f.1/x", "https://[::ffff:127.0.0.1]/x",
		"https://app.scm.azurewebsites.net/x", "https://own.azurewebsites.net/api/refreshes", "https://prod.logic.azure.com@evil.example/x", `https://prod.logic.azure.com\\@evil.example/x`,
		"file:///etc/passwd", "gopher://prod.logic.azure.com/x", "https://prod.logic.azure.com/x#y", "//prod.logic.azure.com/x",
	} {
		text := strings.Replace(body(sim.Sales()), "{", `{"callBackUri":"`+address+`",`, 1)
		resp, answer := a.call("POST", "/api/refreshes", text)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(answer, "callBackUri") {
			t.Errorf("%s: got HTTP %d %.300s, want 400 for callBackUri", address, resp.StatusCode, answer)
		}
	}
	untouched(t, a, sim.Sales())
}

// TestAttackCallbacks: one caller's callbacks that wait for one operation are limited, before
// anything is started. That silent receivers delay no other owner is shown in callback.
func TestAttackCallbacks(t *testing.T) {
	world := newWorld(t)
	silent, settings := newReceiver(t, world)
	for name, value := range onAzurite(t) {
		settings[name] = value
	}
	a := startApp(t, world, settings)
	a.longRefresh(t)
	posts := counters(t, world, sim.Sales()).Posts
	text := strings.Replace(body(sim.Sales()), "{", `{"callBackUri":"`+silent.url()+`",`, 1)
	var accepted, limited, other atomic.Int64
	var wave sync.WaitGroup
	for range 16 {
		wave.Go(func() {
			for range 70 {
				switch resp, answer := a.call("POST", "/api/refreshes", text); {
				case resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusAccepted:
					accepted.Add(1)
				case resp.StatusCode == http.StatusTooManyRequests && strings.Contains(answer, "TooManyCallbacks"):
					limited.Add(1)
				default:
					other.Add(1)
					t.Logf("HTTP %d %.200s", resp.StatusCode, answer)
				}
			}
		})
	}
	wave.Wait()
	if accepted.Load() < 900 || limited.Load() == 0 || other.Load() > 0 {
		t.Errorf("got %d accepted, %d limited and %d others; want about 1000, some and none", accepted.Load(), limited.Load(), other.Load())
	}
	if now := counters(t, world, sim.Sales()).Posts; now > posts+1 {
		t.Errorf("got %d refreshes, want at most %d", now, posts+1)
	}
}

// TestAttackQueue: a caller that asks for many different tables leaves room for others.
func TestAttackQueue(t *testing.T) {
	world := newWorld(t)
	a := startApp(t, world, onAzurite(t))
	a.longRefresh(t)
	var refused int
	for i := range 40 {
		table := fmt.Sprintf(`{"kind":"enhanced","options":{"objects":[{"table":"T%d"}]},`, i)
		resp, answer := a.call("POST", "/api/refreshes", strings.Replace(body(sim.Sales()), "{", table, 1))
		switch {
		case resp.StatusCode == http.StatusTooManyRequests && strings.Contains(answer, "QueueShareUsed"):
			refused++
		case resp.StatusCode != http.StatusAccepted:
			t.Errorf("table %d: got HTTP %d %.300s, want 202 or 429 QueueShareUsed", i, resp.StatusCode, answer)
		}
	}
	if refused < 20 {
		t.Errorf("got %d of 40 refused, want at least 20", refused)
	}
	other := []string{"x-functions-key", a.host.MasterKey()}
	if resp, answer := a.call("POST", "/api/refreshes", body(sim.Sales()), other...); resp.StatusCode != http.StatusAccepted {
		t.Errorf("another caller: got HTTP %d %.300s, want 202", resp.StatusCode, answer)
	}
}

// TestAttackKeys: two thousand requests, each with an idempotency key of its own, are all
// admitted and cost two refreshes; a repeated key gets the same operation.
func TestAttackKeys(t *testing.T) {
	world := newWorld(t)
	a := startApp(t, world, onAzurite(t))
	a.longRefresh(t)
	const workers, each = 20, 100
	ids := make([][]string, workers)
	ask := func(worker, i int) string {
		resp, answer := a.call("POST", "/api/refreshes", body(sim.Sales()), "Idempotency-Key", fmt.Sprintf("attack-%d-%d", worker, i))
		if resp.StatusCode != http.StatusAccepted {
			t.Errorf("request %d of %d: got HTTP %d %.300s, want 202", i, worker, resp.StatusCode, answer)
		}
		return resp.Header.Get("Operation-Location")
	}
	var wave sync.WaitGroup
	for worker := range workers {
		wave.Go(func() {
			for i := range each {
				ids[worker] = append(ids[worker], ask(worker, i))
			}
		})
	}
	wave.Wait()
	for worker := range workers {
		if again := ask(worker, 7); again != ids[worker][7] || again == "" {
			t.Errorf("the key attack-%d-7 again: got %q, want %q", worker, again, ids[worker][7])
		}
	}
	if c := counters(t, world, sim.Sales()); c.Accepted > 2 || c.MaxOverlap > 1 {
		t.Errorf("got %d refreshes, at most %d at once, want at most 2 and 1", c.Accepted, c.MaxOverlap)
	}
}
