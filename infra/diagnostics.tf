# The platform's own logs, beside the program's: who read the secret, who changed or
# deleted state, what the platform did to the app.

resource "azurerm_monitor_diagnostic_setting" "vault" {
  count                      = local.makes_vault ? 1 : 0
  name                       = "to-workspace"
  target_resource_id         = local.vault_id
  log_analytics_workspace_id = local.workspace_id

  enabled_log {
    category = "AuditEvent"
  }
}

# Reads are left out: there is one for each poll.
resource "azurerm_monitor_diagnostic_setting" "state" {
  name                       = "to-workspace"
  target_resource_id         = "${azurerm_storage_account.this["state"].id}/blobServices/default"
  log_analytics_workspace_id = local.workspace_id

  enabled_log {
    category = "StorageDelete"
  }
}

# Not FunctionAppLogs: they are what Application Insights has already.
resource "azurerm_monitor_diagnostic_setting" "site" {
  name                       = "to-workspace"
  target_resource_id         = azapi_resource.site.id
  log_analytics_workspace_id = local.workspace_id

  dynamic "enabled_log" {
    for_each = local.easy_auth_on ? ["AppServiceAuthenticationLogs"] : []

    content {
      category = enabled_log.value
    }
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
