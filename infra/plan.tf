locals {
  flex = var.plan == "flex"
  sku  = coalesce(var.plan_sku, { flex = "FC1", premium = "EP1", dedicated = "P0v3" }[var.plan])

  # What an instance has, in MB; 0: not known here. The program reads the container's own
  # limit first. Documented: Functions' scale and hosting page, App Service's pricing page.
  memory_of_sku = {
    B1   = 1792, B2 = 3584, B3 = 7168, S1 = 1792, S2 = 3584, S3 = 7168
    EP1  = 3584, EP2 = 7168, EP3 = 14336
    P0v3 = 4096, P1v3 = 8192, P2v3 = 16384, P3v3 = 32768
  }
  memory_mb = local.flex ? var.instance_memory_mb : lookup(local.memory_of_sku, local.sku, 0)
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
