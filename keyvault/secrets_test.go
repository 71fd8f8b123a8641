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
				t.Errorf("got %q, %v", token, err)
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
				t.Fatalf("got %v", err)
			}
			time.Sleep(10 * time.Second)
		}
		if r, n := w.counts(); r > 21 || n > 20 || r < 15 || n < 15 {
			t.Errorf("%d reads and %d token requests in ten minutes, want about one in %v, and one read more after the first rejection", r, n, interval)
		}
		w.set(func(w *world) { w.valid = []string{"s3cret-one"} }) // Entra ID was late to know it
		time.Sleep(interval)
		if _, err := get(t, c); err != nil {
			t.Errorf("the secret became valid, and yet: %v", err)
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
				t.Fatalf("got %v", err)
			}
			time.Sleep(interval)
		}
		w.wantCounts(t, 1, 3)
	})
}

func TestSecretIsLookedAtNowAndThen(t *testing.T) {
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
			t.Errorf("got %q, %v", token, err)
		}
		w.wantCounts(t, 2, 1)
		if at, _ := c.Expires(); !at.Equal(later) {
			t.Errorf("expires %v, want %v", at, later)
		}
	})
}

func TestVaultTroubleLaterIsNoTrouble(t *testing.T) {
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
			t.Errorf("got %v after %d failed reads", err, failed)
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
				t.Fatalf("got %v", err)
			}
		}
		w.wantCounts(t, 1, 0)
		w.set(func(w *world) { w.vault = nil })
		time.Sleep(firstInterval)
		if _, err := get(t, c); err != nil {
			t.Errorf("the role was given, and yet: %v", err)
		}
	})
}

func TestSecretHidesItsValue(t *testing.T) {
	t.Parallel()
	s := secret{value: "s3cret-one", version: "v1"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, s); got != "secret version v1" {
			t.Errorf("%s: %s", format, got)
		}
	}
	if got := s.LogValue().String(); got != "secret version v1" {
		t.Errorf("log: %s", got)
	}
}

// TestReplacedJustAfterARead: a rejection is a reason to read at once.
func TestReplacedJustAfterARead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := newCredential(t, options(w))
		wantToken(t, c, "token-1")
		w.set(rotate)
		if token, err := getClaims(t, c, "{}"); err != nil || token != "token-3" {
			t.Errorf("got %q, %v", token, err)
		}
		w.wantCounts(t, 2, 3)
		if w.lists != 0 {
			t.Error("it was found among the older versions")
		}
	})
}

// TestARejectionPassesForAWhile: where a secret has worked, the new one may be on its
// way to the vault. Where none ever has, nothing passes by itself.
func TestARejectionPassesForAWhile(t *testing.T) {
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
					t.Fatalf("got %v", err)
				}
				if want := !worked || time.Since(begun) >= grace+interval; time.Since(begun) != grace && e.Lasting() != want {
					t.Errorf("worked %v, after %v: lasting %v", worked, time.Since(begun), e.Lasting())
				}
				time.Sleep(grace / 10)
			}
		})
	}
}
