package sim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Vault is a Key Vault with secrets, in the RBAC permission model. Safe for concurrent use.
type Vault struct {
	*stage
	tokens *Entra
	tenant string
	mux    *http.ServeMux

	mu       sync.Mutex
	resource string
	closed   bool // the firewall refuses the caller's address
	readers  map[string]bool
	secrets  map[string][]*Secret // oldest version first
	deleted  map[string][]*Secret
}

// A Secret is one version of a secret.
type Secret struct {
	Value    string
	Version  string    // 32 hexadecimal digits; empty: a random one
	Disabled bool      // reading it answers 403
	Expires  time.Time // zero: never. Key Vault still hands out an expired secret; only its attributes have the date
	Created  time.Time // zero: now
	Type     string    // content type, such as application/x-pem-file of a certificate's secret
}

func newVault(st *stage, tokens *Entra, tenant string) *Vault {
	s := &Vault{
		stage: st, tokens: tokens, tenant: tenant, mux: http.NewServeMux(),
		readers: map[string]bool{}, secrets: map[string][]*Secret{}, deleted: map[string][]*Secret{},
	}
	for _, pattern := range []string{"GET /secrets/{name}", "GET /secrets/{name}/{version}", "GET /secrets/{name}/{$}"} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s.serve(w, r, call{service: "vault", op: OpSecret, do: func() Answer { return s.get(r, s.reveal) }})
		})
	}
	s.mux.HandleFunc("GET /secrets/{name}/versions", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, call{service: "vault", op: OpVersions, do: func() Answer { return s.get(r, s.list) }})
	})
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	w.Header().Set("X-Ms-Request-Id", s.newID())
	w.Header().Set("X-Ms-Keyvault-Region", "simland")
	s.mux.ServeHTTP(w, r)
}

// Grant gives an application the role Key Vault Secrets User, or removes it.
func (s *Vault) Grant(appID string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers[key(appID)] = on
}

// SetFirewall has the vault's network rules refuse every caller.
func (s *Vault) SetFirewall(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = on
}

// SetChallengeResource replaces the resource that the 401 names. An empty one restores the default: the host without
// its first label, which azsecrets accepts for every host that has one.
func (s *Vault) SetChallengeResource(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resource = resource
}

// SetSecret adds a version of a secret, which becomes the current one, and returns its version.
func (s *Vault) SetSecret(name string, secret Secret) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret.Version == "" {
		secret.Version = strings.ReplaceAll(s.newID(), "-", "")
	}
	if secret.Created.IsZero() {
		secret.Created = s.now()
	}
	s.secrets[key(name)] = append(s.secrets[key(name)], &secret)
	return secret.Version
}

// Disable disables a version of a secret; an empty version means the current one.
func (s *Vault) Disable(name, version string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(name, version)
	if found == nil {
		return fmt.Errorf("sim: no secret %s with version %q", name, version)
	}
	found.Disabled = true
	return nil
}

// Delete soft-deletes a secret: reading it answers 404, and [Vault.Recover] restores it.
func (s *Vault) Delete(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.secrets[key(name)]) == 0 {
		return fmt.Errorf("sim: no secret %s", name)
	}
	s.deleted[key(name)] = s.secrets[key(name)]
	delete(s.secrets, key(name))
	return nil
}

// Recover restores a soft-deleted secret.
func (s *Vault) Recover(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.deleted[key(name)]) == 0 {
		return errors.New("sim: secret " + name + " is not deleted")
	}
	s.secrets[key(name)] = s.deleted[key(name)]
	delete(s.deleted, key(name))
	return nil
}

// find needs the lock.
func (s *Vault) find(name, version string) *Secret {
	versions := s.secrets[key(name)]
	for i := len(versions) - 1; i >= 0; i-- {
		if version == "" || sameID(version, versions[i].Version) {
			return versions[i]
		}
	}
	return nil
}
