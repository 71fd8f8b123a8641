package main

import (
	"strings"

	"pbirefresh/powerbi"
)

// azureCloud is what else differs between the clouds. Key Vault is not here: its
// address is a setting, and the vault itself says which tokens it takes. Tokens for
// storage are for https://storage.azure.com in every cloud.
type azureCloud struct {
	blobSuffix    string // of a storage account's blob endpoint
	tokenExchange string // audience of a managed identity's token that an application trusts
}

// azureOf returns the Azure cloud of a Power BI cloud. Power BI's usgov (GCC) belongs to
// tenants of the public cloud; its other government clouds to Azure Government.
//
// Sources: the suffixes are documented in "Compare Azure Government and global Azure"
// and "Azure in China developer guide", the audiences in "Configure an application to
// trust a managed identity".
func azureOf(name string) azureCloud {
	switch strings.ToLower(name) {
	case "usgovhigh", "usgovmil":
		return azureCloud{"blob.core.usgovcloudapi.net", "api://AzureADTokenExchangeUSGov"}
	case "china":
		return azureCloud{"blob.core.chinacloudapi.cn", "api://AzureADTokenExchangeChina"}
	default:
		return azureCloud{"blob.core.windows.net", "api://AzureADTokenExchange"}
	}
}

// cloud reads where Power BI and Entra ID are.
func (r *reader) cloud() powerbi.Cloud {
	cloud, err := powerbi.CloudNamed(r.get("POWERBI_CLOUD"))
	if err != nil {
		r.problem("POWERBI_CLOUD is wrong: it must be public, usgov, usgovhigh, usgovmil or china")
		return cloud
	}
	api := r.optional("POWERBI_API_URL", "an https address such as https://api.powerbi.com", httpsPattern.MatchString)
	authority := r.optional("AZURE_AUTHORITY_HOST", "an https address such as https://login.microsoftonline.com", httpsPattern.MatchString)
	over, err := cloud.Override(api, r.get("POWERBI_SCOPE"), authority)
	if err != nil {
		return cloud // reported above
	}
	return over
}
