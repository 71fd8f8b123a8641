# Two accounts. The host's own (locks, timers, keys, the package) needs an owner's
# role on the whole account; that role must not reach the state, and the roles
# of the person who deploys must not either.
locals {
  accounts = {
    host  = local.host_account_name
    state = local.state_account_name
  }
}

resource "azurerm_storage_account" "this" {
  for_each            = local.accounts
  name                = each.value
  resource_group_name = local.group
  location            = var.location
  tags                = merge(local.tags, { pbirefresh = each.key })

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.storage_replication

  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  https_traffic_only_enabled       = true
  min_tls_version                  = "TLS1_2"

  public_network_access_enabled = !var.private_network || length(var.allowed_ips) > 0

  # No soft delete and no versions of blobs: state documents and timer locks are
  # written over all the time, and each write would leave a copy. A container that
  # was deleted can be had back.
  blob_properties {
    container_delete_retention_policy {
      days = 30
    }
  }

  network_rules {
    default_action = var.private_network ? "Deny" : "Allow"
    bypass         = ["None"]
    ip_rules       = var.private_network ? var.allowed_ips : []
  }
}

resource "azurerm_storage_container" "state" {
  name                  = var.state_container
  storage_account_id    = azurerm_storage_account.this["state"].id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true # see docs/deploy.md, "Tear down"
  }
}

resource "azurerm_storage_container" "audit" {
  count                 = var.audit_container == "" ? 0 : 1
  name                  = var.audit_container
  storage_account_id    = azurerm_storage_account.this["state"].id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

# The platform puts the package here, with the app's identity.
resource "azurerm_storage_container" "deployment" {
  name                  = "deployment"
  storage_account_id    = azurerm_storage_account.this["host"].id
  container_access_type = "private"
}

# The host would make these itself. Made here they are never public, and a policy
# that forbids the app to make containers does not keep it from starting.
resource "azurerm_storage_container" "host" {
  for_each              = toset(["azure-webjobs-hosts", "azure-webjobs-secrets"])
  name                  = each.value
  storage_account_id    = azurerm_storage_account.this["host"].id
  container_access_type = "private"
}

resource "azurerm_management_lock" "state" {
  count      = var.lock_state ? 1 : 0
  name       = "state-of-promised-refreshes"
  scope      = azurerm_storage_account.this["state"].id
  lock_level = "CanNotDelete"
  notes      = "Deleting this account voids every promise that pbirefresh has made. docs/deploy.md says how it is torn down."

  # It also forbids deleting what is below the account, so it comes last and goes first.
  depends_on = [
    azurerm_storage_container.state,
    azurerm_storage_container.audit,
    azurerm_storage_management_policy.state,
    azurerm_role_assignment.state,
    azurerm_role_assignment.audit,
    azurerm_private_endpoint.blob,
    azurerm_monitor_diagnostic_setting.state,
  ]
}
