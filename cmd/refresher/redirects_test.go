package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Whoever answers a request for a token with a redirect gets nothing sent elsewhere: the
// header by which the platform knows this process would go along to any host.
func TestTheIdentityFollowsNoRedirect(t *testing.T) {
	var asked, elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(endpoint.Close)
	t.Setenv("IDENTITY_ENDPOINT", endpoint.URL)
	t.Setenv("IDENTITY_HEADER", "the-platforms-header")
	for _, method := range []string{"keyvault-secret", "managed-identity", "federated"} {
		s := mustRead(t, map[string]string{"POWERBI_AUTH": method, "AZURE_CLIENT_ID": newGUID(),
			"STATE_STORAGE": "-", "STATE_STORAGE__blobServiceUri": "https://account.blob.invalid"})
		a, err := newApp(s, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_ = a.upstream.Warm(ctx)
		_, _ = a.store.Read(ctx, "models/x.json")
	}
	if asked.Load() == 0 || elsewhere.Load() != 0 {
		t.Errorf("asked %d times, and the other host %d times", asked.Load(), elsewhere.Load())
	}
}
