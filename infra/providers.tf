provider "azurerm" {
  subscription_id     = var.subscription_id
  environment         = var.cloud
  storage_use_azuread = true # the accounts have no shared keys

  # azurerm 5 registers none by itself. These are behind the resources here; every
  # subscription has Microsoft.Authorization, .Consumption and .Resources (documented).
  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App", # Flex Consumption's subnets are Container Apps'
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
    "Microsoft.Web",
  ]

  features {
    key_vault {
      # Purge protection reserves the name for the retention time. A deleted vault of
      # that name is recovered with its secrets.
      purge_soft_delete_on_destroy    = false
      recover_soft_deleted_key_vaults = true
    }
    resource_group {
      # Whatever somebody else put into the group is not ours to delete.
      prevent_deletion_if_contains_resources = true
    }
  }
}

provider "azapi" {
  subscription_id = var.subscription_id
  environment     = var.cloud
}
