# Into what is there already: a resource group, a vault that others use as well (the app may
# read its one secret in it), the company's workspace and its pager. Set the secret first:
# whether Azure gives a role on a secret that does not exist yet is unverified.
subscription_id   = "00000000-0000-0000-0000-000000000001"
name              = "pbirefresh"
location          = "westeurope"
powerbi_tenant_id = "00000000-0000-0000-0000-000000000002"
powerbi_client_id = "00000000-0000-0000-0000-000000000003"
runbook_url       = "https://github.com/OWNER/REPOSITORY/blob/main/docs/runbook.md"

existing_resource_group = "rg-data-platform"

existing_vault = {
  id  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/kv-shared"
  uri = "https://kv-shared.vault.azure.net/"
}
powerbi_client_secret_name = "pbirefresh-client-secret"

existing_workspace_id  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-shared/providers/Microsoft.OperationalInsights/workspaces/log-shared"
alert_action_group_ids = ["/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-shared/providers/Microsoft.Insights/actionGroups/ag-pager"]
