package keyvault

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"
)

// FuzzAnswers: after any answer of Key Vault or Entra ID there is a token, or an error of one
// short line. Only the words of a refusal are repeated, never those of another answer, which
// may contain the secret.
func FuzzAnswers(f *testing.F) {
	f.Add(true, 403, forbidden("ForbiddenByRbac", "Caller is not authorized.\r\nWait."))
	f.Add(true, 200, `{"value":"s3cret-one","id":"https://kv.vault.azure.net/secrets/powerbi/v1"}`)
	f.Add(true, 200, `{"value":"s3cret-one`)
	f.Add(true, 231, `s3cret-one`)
	f.Add(true, 231, `{"value":"x","message":"s3cret-one"}`)
	f.Add(true, 200, `{"value":{"a":"s3cret-one"},"attributes":{"exp":"x"}}`)
	f.Add(true, 404, `{"error":{"code":"SecretNotFound","message":{}}}`)
	f.Add(false, 401, aad(7000215, "invalid_client", "Invalid client secret provided."))
	f.Add(false, 400, aad(700016, "unauthorized_client", "Application not found."))
	f.Add(false, 401, aad(7000215, "invalid_client", "The secret s3cret-one is wrong."))
	f.Add(false, 200, `{"access_token":1,"expires_in":"x"}`)
	f.Add(false, 200, `{"access_token":"t","expires_in":3599,"token_type":"Bearer"}`)
	f.Add(false, 503, "<html>")
	f.Fuzz(func(t *testing.T, vault bool, status int, body string) {
		if status < 200 || status > 599 || status < 400 && status >= 300 {
			status = http.StatusOK
		}
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			answer := func(*http.Request) (*http.Response, error) { return reply(status, body), nil }
			if vault {
				w.vault = answer
			} else {
				w.entra = answer
			}
			token, err := get(t, newCredential(t, options(w)))
			if err != nil {
				checkLine(t, err.Error(), status < http.StatusBadRequest)
			} else if token == "" {
				t.Fatalf("after status %d and %q there is neither a token nor an error", status, body)
			}
		})
	})
}

func checkLine(t *testing.T, text string, silent bool) {
	t.Helper()
	if strings.ContainsAny(text, "\r\n") || len(text) > 4<<10 || !utf8.ValidString(text) {
		t.Fatalf("the error is %q, want one short line", text)
	}
	if silent && strings.Contains(text, "s3cret-one") {
		t.Fatalf("the error is %q, want it without the secret", text)
	}
}
