# Names, and the resource group. What must be unique in the world ends in a hash of
# the subscription, the group and the name: the same installation gets the same names.
locals {
  group_name = coalesce(var.existing_resource_group, "rg-${var.name}")
  group_id   = var.existing_resource_group == null ? azurerm_resource_group.this[0].id : "/subscriptions/${var.subscription_id}/resourceGroups/${var.existing_resource_group}"

  unique = substr(sha256("${var.subscription_id}/${local.group_name}/${var.name}"), 0, 6)
  short  = replace(var.name, "-", "")

  # 24 characters at most, letters and digits; the vault also takes dashes.
  host_account_name  = "st${substr(local.short, 0, 14)}h${local.unique}"
  state_account_name = "st${substr(local.short, 0, 14)}s${local.unique}"
  vault_name         = "kv-${trimsuffix(substr(var.name, 0, 14), "-")}-${local.unique}"
  site_name          = "func-${var.name}-${local.unique}"

  # "pbirefresh" says which part of an installation a resource is: docs/deploy.md finds names by it.
  tags = merge(var.tags, { "azd-env-name" = var.name })
}

resource "azurerm_resource_group" "this" {
  count    = var.existing_resource_group == null ? 1 : 0
  name     = local.group_name
  location = var.location
  tags     = local.tags
}

locals {
  # What is made in the group waits for it.
  group = var.existing_resource_group == null ? azurerm_resource_group.this[0].name : local.group_name
}
