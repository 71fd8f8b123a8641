# The private network: a subnet that the app's calls leave by, one for the endpoints of
# what it calls, and names that lead there.
locals {
  makes_network      = var.private_network && var.existing_network == null
  app_subnet_id      = local.makes_network ? azurerm_subnet.app[0].id : try(var.existing_network.app_subnet_id, null)
  endpoint_subnet_id = local.makes_network ? azurerm_subnet.endpoints[0].id : try(var.existing_network.endpoint_subnet_id, null)

  private_services = var.private_network ? compact(["blob", local.makes_vault ? "vault" : "", var.private_inbound ? "sites" : ""]) : []
  zones            = local.makes_network ? { for s in local.private_services : s => local.cloud.zones[s] } : {}
  zone_ids         = local.makes_network ? { for s, z in azurerm_private_dns_zone.this : s => z.id } : try(var.existing_network.dns_zone_ids, {})
}

resource "azurerm_virtual_network" "this" {
  count               = local.makes_network ? 1 : 0
  name                = "vnet-${var.name}"
  resource_group_name = local.group
  location            = var.location
  address_space       = [var.address_space]
  tags                = local.tags
}

resource "azurerm_subnet" "app" {
  count                = local.makes_network ? 1 : 0
  name                 = "app"
  resource_group_name  = local.group
  virtual_network_name = azurerm_virtual_network.this[0].name
  address_prefixes     = [cidrsubnet(var.address_space, 1, 0)]

  delegation {
    name = "app"

    service_delegation {
      name    = local.flex ? "Microsoft.App/environments" : "Microsoft.Web/serverFarms"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_subnet" "endpoints" {
  count                = local.makes_network ? 1 : 0
  name                 = "endpoints"
  resource_group_name  = local.group
  virtual_network_name = azurerm_virtual_network.this[0].name
  address_prefixes     = [cidrsubnet(var.address_space, 3, 4)]
}

resource "azurerm_private_dns_zone" "this" {
  for_each            = local.zones
  name                = each.value
  resource_group_name = local.group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  for_each             = local.zones
  name                 = "vnet-${var.name}"
  private_dns_zone_id  = azurerm_private_dns_zone.this[each.key].id
  virtual_network_id   = azurerm_virtual_network.this[0].id
  registration_enabled = false
  tags                 = local.tags
}
