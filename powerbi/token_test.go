package powerbi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// tokens rejects all tokens but the good one, the way Power BI does (measured: 403,
// empty, X-PowerBI-Error-Info), and accepts refreshes.
func tokens(good ...string) *wire {
	return &wire{answer: func(_ int, r *http.Request) (*http.Response, error) {
		for _, g := range good {
			if r.Header.Get("Authorization") == "Bearer "+g {
				if r.Method == http.MethodPost {
					return reply(202, "", "RequestId: "+aRefreshID), nil
				}
				return reply(200, `[]`), nil
			}
		}
		return reply(403, "", "X-PowerBI-Error-Info: TokenExpired"), nil
	}}
}

func TestReadRenewsRejectedToken(t *testing.T) {
	t.Parallel()
	w, id := tokens("token-2"), new(identity)
	if _, err := newClient(t, w, id).Refreshes(t.Context(), model(), 1); err != nil {
		t.Fatal(err)
	}
	if len(w.requests()) != 2 || id.issued.Load() != 2 || id.claims.Load() != bypass {
		t.Errorf("%d requests, %d tokens, claims %v", len(w.requests()), id.issued.Load(), id.claims.Load())
	}
}

// TestStartIsNotRepeatedAfterRejection: the caller repeats, with a new intent.
func TestStartIsNotRepeatedAfterRejection(t *testing.T) {
	t.Parallel()
	w, id := tokens("token-2"), new(identity)
	c := newClient(t, w, id)
	_, err := c.StartRefresh(t.Context(), model(), RefreshRequest{})
	if e := asError(t, err); e.Code != CodeTokenRejected || e.Outcome != Refused || len(w.requests()) != 1 {
		t.Fatalf("got %v after %d requests", err, len(w.requests()))
	}
	if err := c.RenewToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartRefresh(t.Context(), model(), RefreshRequest{}); err != nil {
		t.Fatal(err)
	}
	if id.issued.Load() != 2 {
		t.Errorf("%d tokens", id.issued.Load())
	}
}

func TestManyRejectionsCostOneRenewal(t *testing.T) {
	t.Parallel()
	w, id := tokens("token-2"), new(identity)
	c := newClient(t, w, id)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := c.StartRefresh(t.Context(), model(), RefreshRequest{}); err == nil {
				return
			}
			if err := c.RenewToken(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := c.StartRefresh(t.Context(), model(), RefreshRequest{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if id.issued.Load() != 2 {
		t.Errorf("%d tokens were issued, want 2", id.issued.Load())
	}
}

// TestLateRejectionOfAnOldToken: a rejection that arrives after another caller has
// renewed the token causes no further renewal, and the call is repeated.
func TestLateRejectionOfAnOldToken(t *testing.T) {
	t.Parallel()
	a := newClient(t, always(200, `[]`), nil).auth
	old := a.get()
	if !a.replace(old, bypass) {
		t.Fatal("the first rejection renews nothing")
	}
	renewed := a.get()
	if !a.replace(old, bypass) || a.get() != renewed || renewed == old {
		t.Error("the second rejection of the old token renews again, or is not repeated")
	}
	if a.replace(renewed, bypass) {
		t.Error("a rejection of the new token renews at once")
	}
}

// TestStuckToken: a new token that is rejected, too, ends the attempts for a while.
func TestStuckToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, id := tokens("token-3"), new(identity)
		c := newClient(t, w, id)
		for range 5 {
			if _, err := c.Refreshes(t.Context(), model(), 1); !HasCode(err, CodeTokenRejected) {
				t.Fatalf("got %v", err)
			}
		}
		if id.issued.Load() != 2 || len(w.requests()) != 6 {
			t.Errorf("%d tokens and %d requests, want 2 and 6", id.issued.Load(), len(w.requests()))
		}
		if e := asError(t, c.RenewToken(t.Context())); e.Code != CodeTokenRejected || e.Outcome != NotSent {
			t.Errorf("got %v", e)
		}
		time.Sleep(renewInterval)
		if err := c.RenewToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Refreshes(t.Context(), model(), 1); err != nil || id.issued.Load() != 3 {
			t.Errorf("got %v with %d tokens", err, id.issued.Load())
		}
	})
}

// TestNoRenewalWithoutReason: measured, a 401 means that the token is good.
func TestNoRenewalWithoutReason(t *testing.T) {
	t.Parallel()
	for _, info := range []string{"GroupNotAccessible", "PowerBINotAuthorizedException", ""} {
		for _, status := range []int{401, 403} {
			id := new(identity)
			c := newClient(t, always(status, "", "X-PowerBI-Error-Info: "+info), id)
			for range 3 {
				if _, err := c.Refreshes(t.Context(), model(), 1); err == nil {
					t.Error("no error")
				}
			}
			if id.issued.Load() != 1 {
				t.Errorf("%d %q: %d tokens, want 1", status, info, id.issued.Load())
			}
		}
	}
}

// TestClaimsChallenge: conditional access (documented). azcore repeats a read; it
// would repeat the POST, too, if it saw the challenge.
func TestClaimsChallenge(t *testing.T) {
	t.Parallel()
	const challenge = `WWW-Authenticate: Bearer realm="", authorization_uri="https://login.example/", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ=="`
	const claims = `{"access_token":{"nbf":{"essential":true}}}`
	answer := func(_ int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "Bearer token-2" {
			return reply(401, "", challenge), nil
		}
		return tokens("token-2").answer(1, r)
	}
	w, id := &wire{answer: answer}, new(identity)
	c := newClient(t, w, id)
	_, err := c.StartRefresh(t.Context(), model(), RefreshRequest{})
	if e := asError(t, err); e.Code != CodeTokenRejected || e.Outcome != Refused || len(w.requests()) != 1 {
		t.Fatalf("got %v after %d requests", err, len(w.requests()))
	}
	if err := c.RenewToken(t.Context()); err != nil || id.claims.Load() != claims {
		t.Errorf("renewed with claims %v, %v", id.claims.Load(), err)
	}
	if _, err := c.StartRefresh(t.Context(), model(), RefreshRequest{}); err != nil {
		t.Error(err)
	}
	id = new(identity)
	if _, err := newClient(t, &wire{answer: answer}, id).Refreshes(t.Context(), model(), 1); err != nil || id.claims.Load() != claims {
		t.Errorf("a read gave %v with claims %v", err, id.claims.Load())
	}
}

// TestInvalidTokenChallenge: a 401 whose challenge says invalid_token costs one forced
// renewal. A POST is not repeated by itself.
func TestInvalidTokenChallenge(t *testing.T) {
	t.Parallel()
	const challenge = `WWW-Authenticate: Bearer realm="", error="invalid_token", error_description="The token is expired"`
	answer := func(_ int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "Bearer token-2" {
			return reply(401, "", challenge), nil
		}
		return tokens("token-2").answer(1, r)
	}
	w, id := &wire{answer: answer}, new(identity)
	c := newClient(t, w, id)
	_, err := c.StartRefresh(t.Context(), model(), RefreshRequest{})
	if e := asError(t, err); e.Code != CodeTokenRejected || e.Outcome != Refused || len(w.requests()) != 1 {
		t.Fatalf("got %v after %d requests, want one TokenRejected", err, len(w.requests()))
	}
	if err := c.RenewToken(t.Context()); err != nil || id.claims.Load() != bypass {
		t.Errorf("renewed with claims %v, %v; want %s", id.claims.Load(), err, bypass)
	}
	w, id = &wire{answer: answer}, new(identity)
	if _, err := newClient(t, w, id).Refreshes(t.Context(), model(), 1); err != nil || id.issued.Load() != 2 {
		t.Errorf("a read gave %v with %d tokens, want 2", err, id.issued.Load())
	}
	always := always(401, "", challenge)
	id = new(identity)
	if _, err := newClient(t, always, id).Refreshes(t.Context(), model(), 1); asError(t, err).Code != CodeTokenRejected || len(always.requests()) != 2 {
		t.Errorf("never valid: got %v after %d requests, want TokenRejected after 2", err, len(always.requests()))
	}
}

func TestChallengeClaims(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ challenge, want string }{
		{`Bearer error="insufficient_claims", claims="e30="`, "{}"},
		{`Bearer claims="e30=", error="insufficient_claims"`, "{}"},
		{`Bearer error="insufficient_claims", claims="%%%"`, ""},
		{`Bearer error="invalid_token", claims="e30="`, ""},
		{``, ""},
	} {
		got, found := challengeClaims(tt.challenge)
		if got != tt.want || found != (tt.want != "") {
			t.Errorf("%s: got %q, %v", tt.challenge, got, found)
		}
	}
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	w := always(202, "")
	reason := errors.New("the vault\nis closed")
	c := newClient(t, w, &identity{err: reason})
	_, start := c.StartRefresh(t.Context(), model(), RefreshRequest{})
	_, read := c.Refreshes(t.Context(), model(), 1)
	for name, err := range map[string]error{"start": start, "read": read, "warm": c.Warm(t.Context())} {
		e := asError(t, err)
		if e.Code != CodeCredentialUnavailable || e.Outcome != NotSent || !errors.Is(err, reason) || e.Message != "no token: the vault is closed" {
			t.Errorf("%s: got %v, %s", name, err, e.Outcome)
		}
	}
	if len(w.requests()) != 0 {
		t.Error("something was sent")
	}
}

func TestWarm(t *testing.T) {
	t.Parallel()
	w, id := always(202, ""), new(identity)
	c := newClient(t, w, id)
	for range 2 {
		if err := c.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.requests()) != 0 || id.asked.Load() != 1 {
		t.Errorf("%d requests, %d tokens asked for", len(w.requests()), id.asked.Load())
	}
	if _, err := c.StartRefresh(t.Context(), model(), RefreshRequest{}); err != nil || id.asked.Load() != 1 {
		t.Errorf("the token was not kept: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Warm(ctx); !HasCode(err, CodeCanceled) || OutcomeOf(err) != NotSent {
		t.Errorf("got %v", err)
	}
}

// TestTokenEndsDuringWait: waits of more than an hour broke clients that kept the
// first token (seen: dagster-io/dagster#34183).
func TestTokenEndsDuringWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		id := new(identity)
		c := newClient(t, always(200, `[]`), id)
		for range 3 {
			if _, err := c.Refreshes(t.Context(), model(), 1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(61 * time.Minute)
		}
		if id.asked.Load() != 3 {
			t.Errorf("asked for %d tokens in three hours", id.asked.Load())
		}
	})
}
