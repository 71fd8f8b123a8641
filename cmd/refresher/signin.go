package main

import (
	"cmp"
	"regexp"

	"pbirefresh/internal/guid"
	"pbirefresh/keyvault"
)

// signIn says how tokens for Power BI are got.
type signIn struct {
	method             keyvault.Method
	tenantID, clientID string
	vaultURL           string
	secretName         string // of the client secret or of the certificate
	tokenExchange      string // audience of a federated credential
}

var exchangePattern = regexp.MustCompile(`^api://[0-9A-Za-z-]{1,100}$`)

// signIn reads the settings of all methods, and misses those of the chosen one only.
func (r *reader) signIn() signIn {
	s := signIn{method: r.method()}
	application := s.method != keyvault.ManagedIdentity
	s.tenantID = r.needed("POWERBI_TENANT_ID", "the GUID (or a domain) of the service principal's tenant", tenantPattern.MatchString, application)
	s.clientID = r.needed("POWERBI_CLIENT_ID", "the application (client) id of the service principal, a GUID", guid.Valid, application)
	s.vaultURL = r.needed("KEY_VAULT_URL", "the address of the vault, such as https://name.vault.azure.net", httpsPattern.MatchString, s.method.Vault())
	secret := r.vaultName("POWERBI_CLIENT_SECRET_NAME", "powerbi-client-secret", "secret")
	certificate := r.vaultName("POWERBI_CLIENT_CERTIFICATE_NAME", "powerbi-client-certificate", "certificate")
	s.secretName = secret
	if s.method == keyvault.ClientCertificate {
		s.secretName = certificate
	}
	s.tokenExchange = cmp.Or(r.optional("TOKEN_EXCHANGE_AUDIENCE", "the audience of the application's federated credential, such as api://AzureADTokenExchange", exchangePattern.MatchString),
		azureOf(r.get("POWERBI_CLOUD")).tokenExchange)
	// Documented: "You can only use User-Assigned Managed Identities in this feature."
	if s.method == keyvault.Federated && r.get("AZURE_CLIENT_ID") == "" {
		r.problem("AZURE_CLIENT_ID is not set: POWERBI_AUTH federated needs a user-assigned managed identity, whose client id it is")
	}
	return s
}

func (r *reader) method() keyvault.Method {
	v := keyvault.Method(cmp.Or(r.get("POWERBI_AUTH"), string(keyvault.ClientSecret)))
	for _, m := range keyvault.Methods() {
		if v == m {
			return m
		}
	}
	r.problem("POWERBI_AUTH is wrong: it must be keyvault-secret, keyvault-certificate, managed-identity or federated")
	return keyvault.ClientSecret
}

// needed is required or optional.
func (r *reader) needed(name, what string, valid func(string) bool, need bool) string {
	if need {
		return r.required(name, what, valid)
	}
	return r.optional(name, what, valid)
}

func (r *reader) vaultName(name, otherwise, what string) string {
	v := cmp.Or(r.get(name), otherwise)
	if !secretPattern.MatchString(v) {
		r.problem("%s must be the name of the %s in the vault, 1 to 127 letters, digits and dashes (not the %s itself)", name, what, what)
	}
	return v
}
