package cli

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// person is a sign-in that notes the scopes it was asked for.
type person struct {
	mu     sync.Mutex
	scopes []string
	fail   error
}

func (p *person) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scopes = append(p.scopes, o.Scopes...)
	return azcore.AccessToken{Token: "the-token"}, p.fail
}

// credentials answers 401 and notes what came with each request.
func credentials(t *testing.T) (address string, seen func() []string) {
	t.Helper()
	var mu sync.Mutex
	var list []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, r.Method+" "+r.Header.Get("Authorization")+" "+r.Header.Get("x-functions-key"))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

// signedIn is an environment with a profile for App Service authentication.
func signedIn(t *testing.T, address string, who *person) Environment {
	t.Helper()
	path := filepath.Join(t.TempDir(), "profiles.json")
	env := Environment{
		Getenv:     func(name string) string { return map[string]string{"PBIREFRESH_PROFILES": path}[name] },
		Credential: func() (azcore.TokenCredential, error) { return who, nil },
	}
	env.Stdin = strings.NewReader(theKey)
	runIn(t.Context(), t, env, "profile", "set", "p", "--url", address, "--auth", "azure", "--resource", "api://client/").exits(0)
	env.Stdin = strings.NewReader("")
	return env
}

// With --auth azure each request to the app has the person's token besides the key. Another
// address gets neither.
func TestTokenGoesToTheAppOnly(t *testing.T) {
	t.Parallel()
	address, seen := credentials(t)
	elsewhere, seenElsewhere := credentials(t)
	who := &person{}
	env := signedIn(t, address, who)
	runIn(t.Context(), t, env, "refresh", workspace, dataset).exits(exitRefused).says("the function key is from: profile p")
	runIn(t.Context(), t, env, "status", opID).exits(exitRefused)
	if got, want := seen(), []string{"POST Bearer the-token " + theKey, "GET Bearer the-token " + theKey}; !slices.Equal(got, want) {
		t.Errorf("the app got %q, want %q", got, want)
	}
	if want := []string{"api://client/.default", "api://client/.default"}; !slices.Equal(who.scopes, want) {
		t.Errorf("tokens for %q, want %q", who.scopes, want)
	}
	runIn(t.Context(), t, env, "status", elsewhere+opPath).exits(exitRefused)
	if got, want := seenElsewhere(), []string{"GET  "}; !slices.Equal(got, want) || len(who.scopes) != 2 {
		t.Errorf("another address got %q, want %q; tokens for %q", got, want, who.scopes)
	}
}

// A profile with a key alone asks for no token.
func TestNoTokenWithAKeyAlone(t *testing.T) {
	t.Parallel()
	address, seen := credentials(t)
	who := &person{}
	env := signedIn(t, address, who)
	env.Stdin = strings.NewReader(theKey)
	runIn(t.Context(), t, env, "profile", "set", "p", "--url", address).exits(0)
	runIn(t.Context(), t, env, "status", opID).exits(exitRefused)
	if got, want := seen(), []string{"GET  " + theKey}; !slices.Equal(got, want) || len(who.scopes) > 0 {
		t.Errorf("the app got %q, want %q; tokens for %q", got, want, who.scopes)
	}
}

// Without a sign-in nothing is sent, and the error says how to sign in: it is no error of
// the app.
func TestNobodyIsSignedIn(t *testing.T) {
	t.Parallel()
	address, seen := credentials(t)
	who := &person{fail: errors.New("DefaultAzureCredential: failed to acquire a token.\n\tAzureCLICredential: no")}
	env := signedIn(t, address, who)
	runIn(t.Context(), t, env, "status", opID).exits(exitError).says("run az login")
	env.Credential = func() (azcore.TokenCredential, error) { return nil, who.fail }
	runIn(t.Context(), t, env, "status", opID).exits(exitError).says("run az login")
	if got := seen(); len(got) > 0 {
		t.Errorf("the app got %q, want no request without a token", got)
	}
}
