package keyvault

// remedy says what to change, and where.
func remedy(c Code) string {
	switch c {
	case CodeSecretRejected, CodeSecretExpired, CodeApplicationNotFound, CodeApplicationDisabled, CodeTenantNotFound,
		CodeResourceNotFound, CodeConditionalAccess, CodeEntraRefused, CodeEntraUnavailable, CodeEntraUnreachable,
		CodeCertificateRejected, CodeFederationRefused:
		return entraRemedy(c)
	case CodeIdentityUnavailable:
		return "switch on the app's managed identity, or set AZURE_CLIENT_ID to the client id of a user-assigned identity that the app has"
	case CodeVaultUnreachable:
		return "check KEY_VAULT_URL, DNS and the app's outbound network"
	case CodeVaultForbidden:
		return `give the app's managed identity the role "Key Vault Secrets User" on the vault (or, with access policies, the secret permission Get)`
	case CodeVaultFirewall:
		return "allow the app in the vault's Networking settings: its subnet, its outbound addresses, or a private endpoint"
	case CodeVaultUnauthorized:
		return "check that the vault and the managed identity belong to the same tenant"
	case CodeSecretDisabled:
		return "enable a version of the secret, or add a new one"
	case CodeCertificateUnusable:
		return "use a certificate with an exportable RSA key, whose policy stores it as PEM or PKCS#12 (PFX without a password)"
	case CodeSecretEmpty:
		return "store the value of the client secret"
	case CodeTimeout:
		return "check the app's outbound network to the vault and to Entra ID"
	case CodeUnexpected:
		return "check that KEY_VAULT_URL is a vault that supports this api-version, and that no proxy answers instead of it"
	case CodeVaultUnavailable:
		return ""
	default:
		return ""
	}
}

func entraRemedy(c Code) string {
	switch c {
	case CodeSecretRejected:
		return "store the value (not the id) of a valid client secret of the application as a new version of the Key Vault secret"
	case CodeSecretExpired:
		return "add a new client secret to the application and store its value as a new version of the Key Vault secret"
	case CodeCertificateRejected:
		return "upload the public part of the certificate's current version to the application (Certificates & secrets), and check that it has not expired"
	case CodeFederationRefused:
		return "add a federated credential to the application: issuer https://<authority>/<tenant id>/v2.0, subject the object (principal) id of the " +
			"user-assigned managed identity that AZURE_CLIENT_ID names, audience api://AzureADTokenExchange (other clouds have their own)"
	case CodeApplicationNotFound:
		return "check POWERBI_CLIENT_ID and POWERBI_TENANT_ID: the application has no service principal in that tenant"
	case CodeApplicationDisabled:
		return "enable the service principal: Entra ID, Enterprise applications, Properties, Enabled for users to sign-in"
	case CodeTenantNotFound:
		return "check POWERBI_TENANT_ID, and POWERBI_CLOUD or AZURE_AUTHORITY_HOST for another cloud"
	case CodeResourceNotFound:
		return "check POWERBI_CLOUD and POWERBI_SCOPE"
	case CodeConditionalAccess:
		return "exclude the service principal from the Conditional Access policy, or fulfil it"
	case CodeEntraUnreachable:
		return "check AZURE_AUTHORITY_HOST, DNS and the app's outbound network"
	default:
		return ""
	}
}
