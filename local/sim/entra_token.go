package sim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// token answers the token endpoints, v2.0 with a scope and v1 with a resource, for the client_credentials grant; unreadable is the error of reading the form.
func (s *Entra) token(r *http.Request, audience string, unreadable error) Answer {
	if unreadable != nil {
		return s.refuse(r, badRequest, "AADSTS900144: The request body must contain the following parameter: 'grant_type'.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tenant, id := r.PathValue("tenant"), r.PostForm.Get("client_id")
	apps, known := s.tenants[key(tenant)]
	a := apps[key(id)]
	switch {
	case !known:
		return s.refuse(r, unknownTenant, tenantText(tenant))
	case r.PostForm.Get("grant_type") != "client_credentials":
		return s.refuse(r, badGrant, "AADSTS70003: The app requested an unsupported grant type '"+r.PostForm.Get("grant_type")+"'.")
	case a == nil:
		return s.refuse(r, unknownApp, appText(id, tenant)).by(id)
	case audience == "":
		return s.refuse(r, badScope, scopeText(r.PostForm.Get("scope"))).by(id)
	}
	if code, text := s.reject(r, tenant, a); text != "" {
		return s.refuse(r, code, text).by(id)
	}
	return s.grant(tenant, a, audience, strings.HasSuffix(r.URL.Path, "/oauth2/token")).by(id)
}

// resourceOf is the resource of the one "/.default" in a list of scopes, or "". MSAL for Go adds the scopes of OpenID Connect to
// every request, and Entra ignores them for applications.
func resourceOf(scopes string) string {
	resource := ""
	for _, scope := range strings.Fields(scopes) {
		name, isDefault := strings.CutSuffix(scope, "/.default")
		switch {
		case slices.Contains([]string{"openid", "profile", "offline_access"}, scope):
		case !isDefault || resource != "":
			return ""
		default:
			resource = name
		}
	}
	return resource
}

// grant is documented: expires_in and ext_expires_in in seconds; expires_on, not_before and resource are the v1 endpoint's.
func (s *Entra) grant(tenant string, a *app, audience string, v1 bool) Answer {
	token, expires := s.issue(tenant, a, audience)
	seconds := int(s.lifetime / time.Second)
	body := map[string]any{"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
	if v1 { // documented: numbers as strings
		text := strconv.Itoa(seconds)
		body["expires_in"], body["ext_expires_in"], body["resource"] = text, text, audience
		body["expires_on"], body["not_before"] = strconv.FormatInt(expires.Unix(), 10), strconv.FormatInt(s.now().Unix(), 10)
	}
	return jsonAnswer(http.StatusOK, body).withHeader("Cache-Control", "no-store, no-cache").noted("token for " + audience)
}

// reject returns what is wrong with the credential of a request; empty if nothing is.
func (s *Entra) reject(r *http.Request, tenant string, a *app) (entraCode, string) {
	if r.PostForm.Get("client_assertion") != "" {
		return s.rejectAssertion(r, tenant, a)
	}
	return a.rejectSecret(r, s.now())
}

func (a *app) rejectSecret(r *http.Request, now time.Time) (entraCode, string) {
	secret := r.PostForm.Get("client_secret")
	if secret == "" {
		return noCredential, "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
	}
	for _, known := range a.secrets {
		if known.Value != secret {
			continue
		}
		if known.Expires.IsZero() || now.Before(known.Expires) {
			return entraCode{}, ""
		}
		return expiredSecret, "AADSTS7000222: The provided client secret keys for app '" + a.id + "' are expired. " +
			"Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, " +
			"or consider using certificate credentials for added security: https://aka.ms/certCreds."
	}
	return wrongSecret, "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, " +
		"not the client secret ID, for a secret added to app '" + a.id + "'."
}
