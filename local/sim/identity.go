package sim

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// identityVersion is the api-version of App Service's endpoint.
const identityVersion = "2019-08-01"

// Identity is App Service's managed identity endpoint (documented: learn.microsoft.com/azure/app-service/overview-managed-identity,
// "Connect to Azure services in app code"). It is plain http on the machine itself, in Azure too. Safe for concurrent use.
type Identity struct {
	*stage
	tokens *Entra
	tenant string

	mu     sync.Mutex
	header string
	system string          // application id of the system-assigned identity; empty: there is none
	user   map[string]bool // application ids of user-assigned identities
}

func newIdentity(st *stage, tokens *Entra, header string) *Identity {
	return &Identity{stage: st, tokens: tokens, header: header, user: map[string]bool{}}
}

// SetSystem sets the system-assigned identity; an empty application id removes it.
func (s *Identity) SetSystem(tenant, appID string) {
	s.tokens.AddApp(tenant, appID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenant, s.system = tenant, appID
}

// AddUser adds a user-assigned identity.
func (s *Identity) AddUser(tenant, appID string) {
	s.tokens.AddApp(tenant, appID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenant = tenant
	s.user[key(appID)] = true
}

// Header is the value that callers must send as X-IDENTITY-HEADER.
func (s *Identity) Header() string { return s.header }

// ServeHTTP implements [http.Handler].
func (s *Identity) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	s.serve(w, r, call{service: "identity", op: OpIdentity, do: func() Answer { return s.token(r) }})
}

// token; unverified: the statuses and texts of the rejections, except for the 400 of an unknown identity (seen).
func (s *Identity) token(r *http.Request) Answer {
	query := r.URL.Query()
	switch {
	case r.Method != http.MethodGet:
		return identityError(http.StatusMethodNotAllowed, "Only GET is supported.")
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Identity-Header")), []byte(s.header)) != 1:
		return identityError(http.StatusUnauthorized, "The X-IDENTITY-HEADER header is missing or wrong.")
	case query.Get("api-version") != identityVersion:
		return identityError(http.StatusBadRequest, "Unsupported api-version.")
	case query.Get("resource") == "":
		return identityError(http.StatusBadRequest, "The resource parameter is missing.")
	}
	tenant, appID := s.pick(query.Get("client_id"))
	if appID == "" {
		return identityError(http.StatusBadRequest, "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.")
	}
	return s.grant(tenant, appID, query.Get("resource"))
}

func (s *Identity) pick(clientID string) (tenant, appID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case clientID == "":
		return s.tenant, s.system
	case s.user[key(clientID)] || (s.system != "" && sameID(clientID, s.system)):
		return s.tenant, clientID
	default:
		return s.tenant, ""
	}
}

// grant: expires_on is a string of Unix seconds (documented).
func (s *Identity) grant(tenant, appID, resource string) Answer {
	token, expires, err := s.tokens.Token(tenant, appID, resource)
	if err != nil {
		return identityError(http.StatusBadRequest, err.Error())
	}
	return jsonAnswer(http.StatusOK, struct {
		Token    string `json:"access_token"`
		Expires  string `json:"expires_on"`
		Resource string `json:"resource"`
		Type     string `json:"token_type"`
		ClientID string `json:"client_id"`
	}{token, strconv.FormatInt(expires.Truncate(time.Second).Unix(), 10), resource, "Bearer", appID}).
		by(appID).noted("token for " + resource)
}

func identityError(status int, text string) Answer {
	return jsonAnswer(status, struct {
		Status  int    `json:"statusCode"`
		Message string `json:"message"`
	}{status, text}).noted(text)
}
