package keyvault

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func rotate(w *world) {
	w.value, w.version, w.valid = "s3cret-two", "v2", []string{"s3cret-two"}
}

func TestRotationIsSeenWhenEntraRejects(t *testing.T) {
	t.Parallel()
	for _, rejection := range []string{
		aad(7000215, "invalid_client", "Invalid client secret provided."),
		aad(7000222, "invalid_client", "The provided client secret keys for app are expired."),
		``, // a 401 without a reason
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			c := newCredential(t, options(w))
			if _, err := get(t, c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(interval)
			w.set(rotate)
			w.set(func(w *world) { w.rejection = rejection })
			if token, err := getClaims(t, c, "{}"); err != nil || token != "token-3" {
				t.Errorf("GetToken after the answer %q = %q, %v, want token-3", rejection, token, err)
			}
			w.wantCounts(t, 2, 3)
		})
	}
}

// TestRejectedSecretIsNotHammered: at most one read and one request an interval.
func TestRejectedSecretIsNotHammered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.valid = nil
		c := newCredential(t, options(w))
		for range 60 { // ten minutes
			if _, err := get(t, c); !hasCode(err, CodeSecretRejected) {
				t.Fatalf("GetToken = %v, want %s", err, CodeSecretRejected)
			}
			time.Sleep(10 * time.Second)
		}
		if r, n := w.counts(); r > 21 || n > 20 || r < 15 || n < 15 {
			t.Errorf("%d reads and %d token requests in ten minutes, want about one in %v, and one read more after the first rejection", r, n, interval)
		}
		w.set(func(w *world) { w.valid = []string{"s3cret-one"} }) // it has reached Entra ID
		time.Sleep(interval)
		if _, err := get(t, c); err != nil {
			t.Errorf("GetToken after the secret became valid = %v, want a token", err)
		}
	})
}

func TestOtherRefusalsDoNotReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.valid, w.rejection = nil, aad(700016, "unauthorized_client", "Application was not found in the directory.")
		c := newCredential(t, options(w))
		for range 3 {
			if _, err := get(t, c); !hasCode(err, CodeApplicationNotFound) {
				t.Fatalf("GetToken = %v, want %s", err, CodeApplicationNotFound)
			}
			time.Sleep(interval)
		}
		w.wantCounts(t, 1, 3)
	})
}

func TestSecretIsReadEverySixHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := newCredential(t, options(w))
		for range 13 { // the token is renewed every hour or so
			if _, err := get(t, c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		if r, _ := w.counts(); r != 3 {
			t.Errorf("%d reads in 12 hours, want 3", r)
		}
	})
}

func TestSameValueKeepsTheTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.expires = time.Now().Add(10 * time.Minute)
		c := newCredential(t, options(w))
		if _, err := get(t, c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute) // past the expiry date: the vault is read again
		later := time.Now().Add(90 * 24 * time.Hour).Truncate(time.Second)
		w.set(func(w *world) { w.expires, w.version = later, "v2" })
		if token, err := get(t, c); err != nil || token != "token-1" {
			t.Errorf("GetToken = %q, %v, want token-1", token, err)
		}
		w.wantCounts(t, 2, 1)
		if at, _ := c.Expires(); !at.Equal(later) {
			t.Errorf("expires %v, want %v", at, later)
		}
	})
}

func TestKnownSecretServesWhileTheVaultIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var failed int
		o := options(w)
		o.OnRead = func(r Read) {
			if r.Err != nil {
				failed++
			}
		}
		c := newCredential(t, o)
		if _, err := get(t, c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(freshness)
		w.set(func(w *world) {
			w.vault = func(*http.Request) (*http.Response, error) { return nil, errors.New("down") }
		})
		if _, err := get(t, c); err != nil || failed != 1 {
			t.Errorf("GetToken = %v after %d failed reads, want a token after 1", err, failed)
		}
	})
}

func TestFirstReadIsRepeatedSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.vault = func(*http.Request) (*http.Response, error) { return reply(403, `{"error":{"code":"Forbidden"}}`), nil }
		c := newCredential(t, options(w))
		for range 10 {
			if _, err := get(t, c); !hasCode(err, CodeVaultForbidden) {
				t.Fatalf("GetToken = %v, want %s", err, CodeVaultForbidden)
			}
		}
		w.wantCounts(t, 1, 0)
		w.set(func(w *world) { w.vault = nil })
		time.Sleep(firstInterval)
		if _, err := get(t, c); err != nil {
			t.Errorf("GetToken after the role was assigned = %v, want a token", err)
		}
	})
}

func TestSecretHidesItsValue(t *testing.T) {
	t.Parallel()
	s := secret{value: "s3cret-one", version: "v1"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, s); got != "secret version v1" {
			t.Errorf("%s prints %s, want secret version v1", format, got)
		}
	}
	if got := s.LogValue().String(); got != "secret version v1" {
		t.Errorf("the log shows %s, want secret version v1", got)
	}
}

// TestReplacedJustAfterARead: after a rejection the vault is read at once.
func TestReplacedJustAfterARead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := newCredential(t, options(w))
		wantToken(t, c, "token-1")
		w.set(rotate)
		if token, err := getClaims(t, c, "{}"); err != nil || token != "token-3" {
			t.Errorf("GetToken = %q, %v, want token-3", token, err)
		}
		w.wantCounts(t, 2, 3)
		if w.lists != 0 {
			t.Errorf("%d listings of versions, want none", w.lists)
		}
	})
}

// TestARejectionIsTemporaryForAWhile: if a secret has worked, the new one may soon be in the
// vault. If none has, a rejection is lasting at once.
func TestARejectionIsTemporaryForAWhile(t *testing.T) {
	t.Parallel()
	for _, worked := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			c := newCredential(t, options(w))
			if worked {
				wantToken(t, c, "token-1")
			}
			w.set(func(w *world) { w.valid = nil })
			begun := time.Now()
			for range 20 {
				_, err := getClaims(t, c, "{}")
				var e *Error
				if !errors.As(err, &e) || e.Code != CodeSecretRejected {
					t.Fatalf("GetToken = %v, want %s", err, CodeSecretRejected)
				}
				if want := !worked || time.Since(begun) >= grace+interval; time.Since(begun) != grace && e.Lasting() != want {
					t.Errorf("worked before %t, after %v: lasting %t, want %t", worked, time.Since(begun), e.Lasting(), want)
				}
				time.Sleep(grace / 10)
			}
		})
	}
}
