package keyvault

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// addVersion makes a new latest version; the one before stays in the vault.
func addVersion(w *world, value, version string) {
	w.older = append(w.older, older{value: w.value, version: w.version, disabled: w.disabled})
	w.value, w.version, w.disabled = value, version, false
}

// TestOldSecretServesWhileTheNewOneSpreads: the new secret has not reached all of Entra ID,
// and the old one is still valid.
func TestOldSecretServesWhileTheNewOneSpreads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := newCredential(t, options(w))
		wantToken(t, c, "token-1")
		w.set(func(w *world) { addVersion(w, "s3cret-two", "v2") })
		time.Sleep(freshness) // the proactive read sees it
		wantToken(t, c, "token-3")
		if n := w.lists; n != 0 {
			t.Errorf("%d listings of versions, want none: the previous secret is known", n)
		}
		w.set(func(w *world) { w.valid = []string{"s3cret-two"} }) // everywhere now; the old one is deleted
		time.Sleep(2 * time.Hour)
		wantToken(t, c, "token-4")
		if old := c.source.(*secrets).previous; old.value != "" {
			t.Errorf("the previous secret is kept: %v, want none", old)
		}
	})
}

func wantToken(t *testing.T, c *Credential, want string) {
	t.Helper()
	if token, err := get(t, c); err != nil || token != want {
		t.Errorf("got %q, %v, want %s", token, err, want)
	}
}

// TestColdStartInARotation: the process has never read the old secret.
func TestColdStartInARotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.older = []older{
			{value: "ancient", version: "v0"}, {value: "s3cret-one", version: "v1"},
			{value: "mistake", version: "v2", disabled: true}, {value: "stale", version: "v3", expires: time.Now().Add(-time.Hour)},
		}
		w.value, w.version = "s3cret-new", "v4"
		c := newCredential(t, options(w))
		wantToken(t, c, "token-2")
		if w.lists != 1 {
			t.Errorf("%d listings of versions, want 1", w.lists)
		}
	})
}

// TestBothRejected: the error is about the newest, and few requests are sent.
func TestBothRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		addVersion(w, "s3cret-two", "v2")
		w.valid = nil
		c := newCredential(t, options(w))
		for range 30 { // five minutes
			if _, err := get(t, c); !hasCode(err, CodeSecretRejected) {
				t.Fatalf("GetToken = %v, want %s", err, CodeSecretRejected)
			}
			time.Sleep(10 * time.Second)
		}
		if w.lists != 1 || w.tokens > 22 || w.reads > 14 {
			t.Errorf("%d listings of versions, %d token requests, %d reads in five minutes, want 1, and 22 and 14 at most", w.lists, w.tokens, w.reads)
		}
	})
}

// TestLookingBackIsRepeatedAfterAFailure, and not too soon.
func TestLookingBackIsRepeatedAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		addVersion(w, "s3cret-two", "v2")
		w.older[0].disabled = true // until it is enabled
		c := newCredential(t, options(w))
		flaky := &failingList{world: w}
		c2 := newCredential(t, withTransport(options(w), flaky))
		if _, err := get(t, c); !hasCode(err, CodeSecretRejected) {
			t.Errorf("GetToken without an older version = %v, want %s", err, CodeSecretRejected)
		}
		if _, err := get(t, c2); !hasCode(err, CodeSecretRejected) {
			t.Errorf("GetToken without a listing = %v, want %s", err, CodeSecretRejected)
		}
		w.set(func(w *world) { w.older[0].disabled = false })
		flaky.works = true
		if _, err := get(t, c2); !hasCode(err, CodeSecretRejected) {
			t.Errorf("GetToken within the interval = %v, want %s", err, CodeSecretRejected)
		}
		time.Sleep(interval)
		if _, err := get(t, c2); err != nil {
			t.Errorf("GetToken after the interval = %v, want a token", err)
		}
	})
}

// failingList refuses the list of versions.
type failingList struct {
	*world
	works bool
}

func (f *failingList) Do(r *http.Request) (*http.Response, error) {
	if !f.works && slices.Contains([]string{"/secrets/powerbi/versions", "/secrets/powerbi/versions/"}, r.URL.Path) {
		return reply(403, forbidden("ForbiddenByRbac", "no")), nil
	}
	return f.world.Do(r)
}

func withTransport(o Options, t interface {
	Do(*http.Request) (*http.Response, error)
},
) Options {
	o.Transport = t
	return o
}

func TestNewestEnabledVersionIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.older = []older{{value: "ancient", version: "v0"}, {value: "s3cret-one", version: "v1"}}
	w.value, w.version, w.disabled = "mistake", "v2", true
	wantToken(t, newCredential(t, options(w)), "token-1")
}

func TestDisabledAndNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.disabled = true
	w.older = []older{{value: "s3cret-one", version: "v0", disabled: true}}
	_, err := get(t, newCredential(t, options(w)))
	checkError(t, err, CodeSecretDisabled, "enable")
	w = newWorld()
	w.disabled = true
	w.older = []older{{value: "s3cret-one", version: "v0"}}
	_, err = get(t, newCredential(t, withTransport(options(w), &failingList{world: w})))
	checkError(t, err, CodeSecretDisabled, "enable")
}

// TestCachedTokenServesWhileEntraIsDown: the vault has a new secret, for which there is no
// token yet, and Entra ID does not answer.
func TestCachedTokenServesWhileEntraIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := newCredential(t, options(w))
		time.Sleep(freshness - 10*time.Minute)
		wantToken(t, c, "token-1") // good for an hour
		w.set(func(w *world) {
			addVersion(w, "s3cret-two", "v2")
			w.entra = func(*http.Request) (*http.Response, error) { return reply(503, "down"), nil }
		})
		time.Sleep(freshness)
		if _, err := get(t, c); !hasCode(err, CodeEntraUnavailable) {
			t.Errorf("GetToken after the cached token has ended = %v, want %s", err, CodeEntraUnavailable)
		}
		w.set(func(w *world) { w.entra = nil })
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.expires = time.Now().Add(time.Minute)
		c := newCredential(t, options(w))
		wantToken(t, c, "token-1")
		w.set(func(w *world) {
			addVersion(w, "s3cret-two", "v2")
			w.entra = func(*http.Request) (*http.Response, error) { return reply(503, "down"), nil }
		})
		time.Sleep(2 * time.Minute) // the old one has expired in the vault, so it is read again
		wantToken(t, c, "token-1")
	})
}
