# The vault with the service principal's secret. The secret itself is set by a person
# (docs/deploy.md): a value given here would be in the state file.
locals {
  uses_vault = startswith(var.powerbi_auth, "keyvault-")
  # A certificate's private key is read as the secret of the same name.
  credential_name = var.powerbi_auth == "keyvault-certificate" ? var.powerbi_client_certificate_name : var.powerbi_client_secret_name
  makes_vault     = local.uses_vault && var.existing_vault == null
  vault_id        = local.makes_vault ? azurerm_key_vault.this[0].id : try(var.existing_vault.id, null)
  vault_uri       = local.makes_vault ? azurerm_key_vault.this[0].vault_uri : try(var.existing_vault.uri, null)
}

data "azurerm_client_config" "current" {}

resource "azurerm_key_vault" "this" {
  count               = local.makes_vault ? 1 : 0
  name                = local.vault_name
  resource_group_name = local.group
  location            = var.location
  tags                = merge(local.tags, { pbirefresh = "vault" })

  tenant_id                  = data.azurerm_client_config.current.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 90

  public_network_access_enabled = !var.private_network || length(var.allowed_ips) > 0

  network_acls {
    default_action = var.private_network ? "Deny" : "Allow"
    bypass         = "None"
    ip_rules       = var.private_network ? var.allowed_ips : []
  }
}
