# Where logs go. Writing needs an Entra token.
locals {
  workspace_id = var.existing_workspace_id == null ? azurerm_log_analytics_workspace.this[0].id : var.existing_workspace_id
}

resource "azurerm_log_analytics_workspace" "this" {
  count               = var.existing_workspace_id == null ? 1 : 0
  name                = "log-${var.name}"
  resource_group_name = local.group
  location            = var.location
  tags                = local.tags

  sku                          = "PerGB2018"
  retention_in_days            = var.log_retention_days
  daily_quota_gb               = var.log_daily_cap_gb
  local_authentication_enabled = false
}

resource "azurerm_application_insights" "this" {
  name                = "appi-${var.name}"
  resource_group_name = local.group
  location            = var.location
  tags                = merge(local.tags, { pbirefresh = "insights" })

  application_type             = "web"
  workspace_id                 = local.workspace_id
  local_authentication_enabled = false
}
