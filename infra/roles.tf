# Who may do what: built-in roles by their GUIDs, which are the same in every cloud and
# language. Each has who needs it, and for what. No other rights are granted here.
locals {
  roles = {
    blob_owner        = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b" # Storage Blob Data Owner
    blob_reader       = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1" # Storage Blob Data Reader
    blob_contributor  = "ba92f5b4-2d11-453d-a403-e96b0029c9fe" # Storage Blob Data Contributor
    secrets_user      = "4633458b-17de-408a-b874-0445c86b69e6" # Key Vault Secrets User
    secrets_officer   = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7" # Key Vault Secrets Officer
    metrics_publisher = "3913510d-42f4-4e42-8a64-420c390055eb" # Monitoring Metrics Publisher
    site_contributor  = "de139f84-1756-47ae-9be6-808fbbe84772" # Website Contributor
  }
  role_prefix = "/subscriptions/${var.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
}

# The Functions host, as the app: singleton locks and timer positions in
# azure-webjobs-hosts, function keys in azure-webjobs-secrets; and the platform, which
# stores and reads the package in the deployment container. Owner is what the host's
# documentation asks for; that is why nothing else is in this account.
resource "azurerm_role_assignment" "host" {
  scope              = azurerm_storage_account.this["host"].id
  role_definition_id = "${local.role_prefix}/${local.roles.blob_owner}"
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
}

# The program: state documents, leases, archive, in the one container.
resource "azurerm_role_assignment" "state" {
  scope              = azurerm_storage_container.state.id
  role_definition_id = "${local.role_prefix}/${local.roles.blob_contributor}"
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
}

# The program: records of who asked for what, where they have a container of their own.
resource "azurerm_role_assignment" "audit" {
  count              = var.audit_container == "" ? 0 : 1
  scope              = azurerm_storage_container.audit[0].id
  role_definition_id = "${local.role_prefix}/${local.roles.blob_contributor}"
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
}

# The program: the service principal's secret, or the certificate with its key. In a
# vault that others use as well, that one secret and no other.
resource "azurerm_role_assignment" "secret" {
  count              = local.uses_vault ? 1 : 0
  scope              = local.makes_vault ? local.vault_id : "${local.vault_id}/secrets/${local.credential_name}"
  role_definition_id = "${local.role_prefix}/${local.roles.secrets_user}"
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
}

# The Functions host, as the app: sends logs to Application Insights, which takes them
# from Entra identities only.
resource "azurerm_role_assignment" "insights" {
  scope              = azurerm_application_insights.this.id
  role_definition_id = "${local.role_prefix}/${local.roles.metrics_publisher}"
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
}

# The people who read the records, with pbirefresh audit. No principal_type: a group or a user.
resource "azurerm_role_assignment" "audit_reader" {
  for_each           = toset(var.audit_reader_ids)
  scope              = azurerm_storage_container.audit[0].id
  role_definition_id = "${local.role_prefix}/${local.roles.blob_reader}"
  principal_id       = each.value
}

# The people who set and renew the secret. No principal_type: a group or a user.
resource "azurerm_role_assignment" "secret_officer" {
  for_each           = local.makes_vault ? toset(compact(var.secret_officer_ids)) : toset([])
  scope              = local.vault_id
  role_definition_id = "${local.role_prefix}/${local.roles.secrets_officer}"
  principal_id       = each.value
}

# The pipeline that deploys new versions: the app, and neither its storage nor its vault.
resource "azurerm_role_assignment" "deployer" {
  for_each           = toset(var.deployer_ids)
  scope              = azapi_resource.site.id
  role_definition_id = "${local.role_prefix}/${local.roles.site_contributor}"
  principal_id       = each.value
  principal_type     = "ServicePrincipal"
}

# Outside Flex a deployment is a blob: the pipeline writes it itself.
resource "azurerm_role_assignment" "deployer_package" {
  for_each           = local.flex ? toset([]) : toset(var.deployer_ids)
  scope              = azurerm_storage_container.deployment.id
  role_definition_id = "${local.role_prefix}/${local.roles.blob_contributor}"
  principal_id       = each.value
  principal_type     = "ServicePrincipal"
}
