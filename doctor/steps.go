package doctor

import (
	"cmp"
	"net/url"
	"strings"
)

// The steps that mend a problem. What only the reader can know is in angle brackets.

var settingSteps = []string{
	"az functionapp config appsettings set --resource-group <group> --name <app> --settings <NAME>=<value>",
	"docs/settings.md has every setting",
}

var identitySteps = []string{
	"az functionapp identity assign --resource-group <group> --name <app>",
	"or, for a user-assigned identity: az functionapp identity assign --resource-group <group> --name <app> --identities <resource id>, and AZURE_CLIENT_ID set to its client id",
}

// settingOnSteps: the setting is being renamed (seen: CIS benchmarks name both).
var settingOnSteps = []string{
	`portal: app.powerbi.com, Settings, Admin portal, Tenant settings, Developer settings: "Service principals can use Fabric APIs" (newer: "Service principals can call Fabric public APIs"): Enabled, for a security group`,
	"az ad group member add --group <that group> --member-id <object id of the service principal>",
	"it takes up to 15 minutes",
}

var bindSteps = []string{
	"portal: the workspace, the model, Settings, Gateway and cloud connections: choose the gateway and map the data source",
	"if the owner has left: the same page, Take over",
}

var resumeSteps = []string{
	"az fabric capacity resume --resource-group <group> --capacity-name <capacity>",
	"an Embedded capacity: az resource invoke-action --action resume --ids <resource id of the capacity>",
}

func (d Deps) storageSteps() []string {
	account := "<account>"
	if u, err := url.Parse(d.StorageURL); err == nil && u.Host != "" {
		account, _, _ = strings.Cut(u.Host, ".")
	}
	return []string{`az role assignment create --role "Storage Blob Data Contributor" --assignee <principal id of the app's identity> --scope $(az storage account show --name ` + account + ` --query id --output tsv)`}
}

func (d Deps) vaultName() string {
	if u, err := url.Parse(d.VaultURL); err == nil && u.Host != "" {
		name, _, _ := strings.Cut(u.Host, ".")
		return name
	}
	return "<vault>"
}

func (d Deps) vaultSteps() []string {
	return []string{`az role assignment create --role "Key Vault Secrets User" --assignee <principal id of the app's identity> --scope $(az keyvault show --name ` + d.vaultName() + ` --query id --output tsv)`}
}

func (d Deps) firewallSteps() []string {
	return []string{
		"az keyvault network-rule add --name " + d.vaultName() + " --vnet-name <network> --subnet <subnet of the app>",
		"or, for outbound addresses: az keyvault network-rule add --name " + d.vaultName() + " --ip-address <address>",
	}
}

func (d Deps) enableSteps() []string {
	return []string{"az keyvault secret set-attributes --vault-name " + d.vaultName() + " --name " + d.SecretName + " --version <version> --enabled true"}
}

func (d Deps) secretSteps() []string {
	return []string{
		"secret=$(az ad app credential reset --id " + cmp.Or(d.ClientID, "<application id>") + " --append --years 1 --query password --output tsv)",
		`az keyvault secret set --vault-name ` + d.vaultName() + ` --name ` + d.SecretName + ` --value "$secret" --expires <the date of the new secret> --output none`,
	}
}

// roleSteps: the identifier is the object id of the service principal, not the application id
// (documented: Add Group User).
func (d Deps) roleSteps(workspaceID, object string) []string {
	object = cmp.Or(object, "<object id of the service principal>")
	return []string{
		"pbirefresh workspace grant " + workspaceID + " " + object + " Contributor",
		"or PowerShell: Add-PowerBIWorkspaceUser -Scope Individual -Id " + workspaceID + " -PrincipalType App -Identifier " + object + " -AccessRight Contributor",
		"or portal: the workspace, Manage access, Add people or groups: the service principal as Contributor",
	}
}
