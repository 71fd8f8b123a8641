package keyvault

import (
	"net/http"
	"testing"
)

func TestPingReadsTheVaultOnceAndAsksEntraNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := newCredential(t, options(w))
	for range 3 {
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.wantCounts(t, 1, 0)
}

func TestPingNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.vault = func(*http.Request) (*http.Response, error) {
		return reply(http.StatusNotFound, `{"error":{"code":"SecretNotFound","message":"no"}}`), nil
	}
	if err := newCredential(t, options(w)).Ping(t.Context()); !hasCode(err, CodeSecretNotFound) {
		t.Errorf("Ping = %v, want %s", err, CodeSecretNotFound)
	}
}
