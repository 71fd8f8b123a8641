package keyvault

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

func TestGetToken(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.expires = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	var read []Read
	o := options(w)
	o.OnRead = func(r Read) { read = append(read, r) }
	id := new(identity)
	o.Identity = id
	c := newCredential(t, o)
	if _, known := c.Expires(); known {
		t.Error("Expires is known before any read, want it unknown")
	}
	for range 3 {
		if token, err := get(t, c); err != nil || token != "token-1" {
			t.Fatalf("GetToken = %q, %v, want token-1", token, err)
		}
	}
	w.wantCounts(t, 1, 1)
	if at, known := c.Expires(); !known || !at.Equal(w.expires) {
		t.Errorf("Expires = %v, %t, want %v", at, known, w.expires)
	}
	want := Read{Version: "v1", Expires: w.expires, Changed: true}
	if len(read) != 1 || read[0] != want {
		t.Errorf("OnRead was called with %+v, want %+v once", read, want)
	}
	if len(id.scopes) != 1 || id.scopes[0] != resource+"/.default" {
		t.Errorf("scopes of the identity's tokens: %v, want %s/.default once", id.scopes, resource)
	}
}

// TestClaimsSkipTheCache: the Power BI client's forced renewal depends on it.
func TestClaimsSkipTheCache(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := newCredential(t, options(w))
	for i, claims := range []string{"", "", "{}", "{}", ""} {
		token, err := getClaims(t, c, claims)
		if want := []string{"token-1", "token-1", "token-2", "token-3", "token-3"}[i]; err != nil || token != want {
			t.Errorf("%d: got %q, %v, want %s", i, token, err, want)
		}
	}
	w.wantCounts(t, 1, 3)
	if w.claims[0] != w.claims[1] || !strings.Contains(w.claims[0], "xms_cc") {
		t.Errorf("the claims sent are %q, want the same for \"\" and {}", w.claims)
	}
}

func TestManyCallersShareOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.delay = time.Second
		c := newCredential(t, options(w))
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if token, err := get(t, c); err != nil || token != "token-1" {
					t.Errorf("GetToken = %q, %v, want token-1", token, err)
				}
			})
		}
		wg.Wait()
		w.wantCounts(t, 1, 1)
	})
}

// TestDifferentRequestsShareTheRead: two token requests, one read of the vault. (Only the
// vault is slow: azidentity sends under a mutex, which would stop a bubble's clock.)
func TestDifferentRequestsShareTheRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.delay, w.slow = time.Second, "/secrets/"
		c := newCredential(t, options(w))
		var wg sync.WaitGroup
		for _, claims := range []string{"", "{}"} {
			wg.Go(func() {
				if _, err := getClaims(t, c, claims); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if reads, _ := w.counts(); reads != 1 {
			t.Errorf("%d reads of the vault, want 1", reads)
		}
	})
}

func TestLeavingStopsNoOtherCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.delay = 2 * time.Second
		c := newCredential(t, options(w))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { // starts the request and leaves
			begun := time.Now()
			_, err := c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}, EnableCAE: true})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
				t.Errorf("GetToken = %v after %v, want DeadlineExceeded after 1s", err, time.Since(begun))
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if token, err := get(t, c); err != nil || token != "token-1" {
				t.Errorf("GetToken of the other caller = %q, %v, want token-1", token, err)
			}
		})
		wg.Wait()
		w.wantCounts(t, 1, 1)
	})
}

func TestRequestEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.delay = time.Hour
		begun := time.Now()
		if _, err := get(t, newCredential(t, options(w))); !hasCode(err, CodeVaultUnreachable) || time.Since(begun) > time.Minute {
			t.Errorf("GetToken = %v after %v, want %s within a minute", err, time.Since(begun), CodeVaultUnreachable)
		}
		for slow, o := range map[string]Options{"/secrets/": options(w), "/token": options(w)} {
			w.slow, o.Timeout, begun = slow, 10*time.Second, time.Now()
			_, err := get(t, newCredential(t, o))
			if !hasCode(err, CodeTimeout) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 10*time.Second {
				t.Errorf("GetToken with a slow %s = %v after %v, want %s after 10s", slow, err, time.Since(begun), CodeTimeout)
			}
		}
	})
}

// TestBrokenChallenge: azsecrets v1.5.1 indexes into the challenge's authorization.
func TestBrokenChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := options(w)
	o.Transport = brokenChallenge{}
	if _, err := get(t, newCredential(t, o)); !hasCode(err, CodeUnexpected) {
		t.Errorf("GetToken with a broken challenge = %v, want %s", err, CodeUnexpected)
	}
}

type brokenChallenge struct{}

func (brokenChallenge) Do(*http.Request) (*http.Response, error) {
	return reply(401, "", `WWW-Authenticate: Bearer authorization="https:", resource="https://vault.azure.net"`), nil
}

// TestManagedIdentity: App Service's protocol (documented: IDENTITY_ENDPOINT,
// X-IDENTITY-HEADER, api-version 2019-08-01), system- and user-assigned.
func TestManagedIdentity(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token")
	t.Setenv("IDENTITY_HEADER", "header-secret")
	// The library keeps tokens of managed identities for the whole process.
	fresh := "vault." + strings.ToLower(rand.Text()) + ".example"
	for _, id := range []string{"", "aaaaaaaa-0000-0000-0000-000000000000"} {
		w := newWorld()
		o := options(w)
		o.VaultURL, w.challenge = "https://kv."+fresh, "https://"+fresh
		app := &appService{world: w}
		o.Identity, o.Transport, o.IdentityClientID = nil, app, id
		if token, err := get(t, newCredential(t, o)); err != nil || token != "token-1" {
			t.Fatalf("GetToken with the identity %q = %q, %v, want token-1", id, token, err)
		}
		if app.header != "header-secret" || app.resource != w.challenge || app.client != id {
			t.Errorf("the endpoint received %+v, want the header, the resource %s and the client %q", app, w.challenge, id)
		}
	}
}

type appService struct {
	world                    *world
	header, resource, client string
}

func (a *appService) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "127.0.0.1:41741" {
		return a.world.Do(r)
	}
	q := r.URL.Query()
	a.header, a.resource, a.client = r.Header.Get("X-IDENTITY-HEADER"), q.Get("resource"), q.Get("client_id")
	return reply(200, `{"access_token":"vault-token","expires_on":"4102444800","resource":"x","token_type":"Bearer"}`), nil
}
