# What the next step needs: infra/deploy.sh, the workflows, and people. azd makes each an
# environment variable of that name.

output "AZURE_RESOURCE_GROUP" {
  description = "The resource group."
  value       = local.group
}

output "AZURE_FUNCTION_APP_NAME" {
  description = "The function app, for deployments."
  value       = azapi_resource.site.name
}

output "PBIREFRESH_URL" {
  description = "Address of the API."
  value       = coalesce(var.public_base_url, "https://${azapi_resource.site.output.properties.defaultHostName}")
}

output "PBIREFRESH_STATE_ENDPOINT" {
  description = "Blob endpoint of the state: what pbirefresh audit wants as STATE_STORAGE__blobServiceUri."
  value       = trimsuffix(azurerm_storage_account.this["state"].primary_blob_endpoint, "/")
}

output "PBIREFRESH_INSIGHTS_NAME" {
  description = "Application Insights, where the log is: for the queries of docs/runbook.md."
  value       = azurerm_application_insights.this.name
}

output "PBIREFRESH_PLAN" {
  description = "flex, premium or dedicated: how a package is deployed."
  value       = var.plan
}

output "PBIREFRESH_PACKAGE_ACCOUNT" {
  description = "Storage account of the package, on plans other than flex."
  value       = azurerm_storage_account.this["host"].name
}

output "PBIREFRESH_STATE_ACCOUNT" {
  description = "Storage account of the state."
  value       = azurerm_storage_account.this["state"].name
}

output "PBIREFRESH_VAULT_NAME" {
  description = "The vault that the secret goes into; empty if none is used."
  value       = local.uses_vault ? element(split("/", local.vault_id), length(split("/", local.vault_id)) - 1) : ""
}

output "PBIREFRESH_SECRET_NAME" {
  description = "Name of the secret or certificate in it."
  value       = local.uses_vault ? local.credential_name : ""
}

output "PBIREFRESH_IDENTITY_CLIENT_ID" {
  description = "Client id of the app's identity: for powerbi_auth = managed-identity it is what Power BI lets in."
  value       = azurerm_user_assigned_identity.app.client_id
}

output "PBIREFRESH_IDENTITY_OBJECT_ID" {
  description = "Object id of the app's identity: the subject of a federated credential, and the member of a security group."
  value       = azurerm_user_assigned_identity.app.principal_id
}
