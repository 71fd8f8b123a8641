locals {
  flex = var.plan == "flex"
  sku  = coalesce(var.plan_sku, { flex = "FC1", premium = "EP1", dedicated = "P0v3" }[var.plan])
}

resource "azurerm_service_plan" "this" {
  name                = "plan-${var.name}"
  resource_group_name = local.group
  location            = var.location
  tags                = local.tags

  os_type  = "Linux"
  sku_name = local.sku

  maximum_elastic_worker_count = var.plan == "premium" ? var.maximum_instances : null
}
