package sim

import (
	"maps"
	"slices"
)

// Env is the environment with which a handler process uses this World instead of Azure: only settings that it also has in
// production. The caller adds STATE_STORAGE and the variables of the Functions host.
//
// SSL_CERT_FILE replaces the list of trusted roots of the child process, and Go reads it on Unix only; on macOS and
// Windows a program has to read it itself, as this project's refresher does, or the CA in [World].CAFile must be added to
// the user's trust store for as long as the World runs.
func (w *World) Env() map[string]string {
	return map[string]string{
		"POWERBI_TENANT_ID":          TenantID,
		"POWERBI_CLIENT_ID":          ClientID,
		"POWERBI_AUTH":               "keyvault-secret",
		"KEY_VAULT_URL":              w.VaultURL,
		"POWERBI_CLIENT_SECRET_NAME": SecretName,
		"POWERBI_API_URL":            w.PowerBIURL,
		"POWERBI_SCOPE":              Audiences()[0] + "/.default",
		"AZURE_AUTHORITY_HOST":       w.EntraURL,
		"IDENTITY_ENDPOINT":          w.IdentityURL,
		"IDENTITY_HEADER":            w.Identity.Header(),
		"SSL_CERT_FILE":              w.CAFile,
	}
}

// Environ is [World.Env] as sorted "NAME=value" strings, for exec.Cmd.
func (w *World) Environ() []string {
	env := w.Env()
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
