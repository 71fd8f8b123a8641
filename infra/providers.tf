provider "azurerm" {
  subscription_id     = var.subscription_id
  environment         = var.cloud
  storage_use_azuread = true # the accounts have no shared keys

  # Flex Consumption's subnets are Container Apps'; the rest is among what the provider
  # registers by itself.
  resource_providers_to_register = ["Microsoft.App"]

  features {
    key_vault {
      # Purge protection holds the name for the retention time anyway. A vault of
      # that name is taken back with what is in it.
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
