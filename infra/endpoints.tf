# Private endpoints: both storage accounts, the vault, and if asked for the app itself.
# (Application Insights and Power BI are reached over the internet: the one takes
# nothing without an Entra token, the other has no private name for its REST API.)

resource "azurerm_private_endpoint" "blob" {
  for_each            = var.private_network ? azurerm_storage_account.this : {}
  name                = "pe-${each.value.name}"
  resource_group_name = local.group
  location            = var.location
  subnet_id           = local.endpoint_subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = "blob"
    private_connection_resource_id = each.value.id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "blob"
    private_dns_zone_ids = [local.zone_ids["blob"]]
  }

  depends_on = [azurerm_private_dns_zone_virtual_network_link.this]
}

resource "azurerm_private_endpoint" "vault" {
  count               = var.private_network && local.makes_vault ? 1 : 0
  name                = "pe-${local.vault_name}"
  resource_group_name = local.group
  location            = var.location
  subnet_id           = local.endpoint_subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = "vault"
    private_connection_resource_id = local.vault_id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "vault"
    private_dns_zone_ids = [local.zone_ids["vault"]]
  }
}

resource "azurerm_private_endpoint" "site" {
  count               = var.private_inbound ? 1 : 0
  name                = "pe-${local.site_name}"
  resource_group_name = local.group
  location            = var.location
  subnet_id           = local.endpoint_subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = "sites"
    private_connection_resource_id = azapi_resource.site.id
    subresource_names              = ["sites"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "sites"
    private_dns_zone_ids = [local.zone_ids["sites"]]
  }
}
