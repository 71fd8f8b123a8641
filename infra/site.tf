# The function app: a custom handler on Linux.
locals {
  # Only Flex has it, and it has it instead of settings.
  function_app_config = {
    deployment = {
      storage = {
        type  = "blobContainer"
        value = "${azurerm_storage_account.this["host"].primary_blob_endpoint}${azurerm_storage_container.deployment.name}"
        authentication = {
          type                           = "UserAssignedIdentity"
          userAssignedIdentityResourceId = azurerm_user_assigned_identity.app.id # the resource id here, the client id in settings
        }
      }
    }
    runtime = {
      name    = "custom"
      version = "1.0"
    }
    scaleAndConcurrency = {
      instanceMemoryMB     = var.instance_memory_mb
      maximumInstanceCount = var.maximum_instances
      alwaysReady          = [for name, count in var.always_ready : { name = name, instanceCount = count }]
      triggers             = { http = { perInstanceConcurrency = var.http_concurrency } }
    }
  }

  site_config = {
    minTlsVersion    = var.min_tls_version
    scmMinTlsVersion = var.min_tls_version
    ftpsState        = "Disabled"
    http20Enabled    = true
    appSettings      = [for name in sort(keys(local.settings)) : { name = name, value = local.settings[name] }]

    # Of the other plans. An app that sleeps fires no timer.
    linuxFxVersion              = local.flex ? null : ""
    alwaysOn                    = var.plan == "dedicated" ? true : null
    healthCheckPath             = local.flex ? null : "/api/health"
    vnetRouteAllEnabled         = !local.flex && var.private_network ? true : null
    functionAppScaleLimit       = var.plan == "premium" ? var.maximum_instances : null
    minimumElasticInstanceCount = var.plan == "premium" ? max(1, lookup(var.always_ready, "http", 1)) : null
  }
}

resource "azapi_resource" "site" {
  type      = "Microsoft.Web/sites@2024-04-01"
  parent_id = local.group_id
  name      = local.site_name
  location  = var.location
  tags      = merge(local.tags, { pbirefresh = "app", "pbirefresh-plan" = var.plan, "azd-service-name" = "refresher" }) # azd finds it by the last

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.app.id]
  }

  ignore_null_property   = true
  response_export_values = ["properties.defaultHostName"]

  body = {
    kind = "functionapp,linux"
    properties = {
      serverFarmId              = azurerm_service_plan.this.id
      reserved                  = true
      httpsOnly                 = true
      clientAffinityEnabled     = false
      publicNetworkAccess       = var.private_inbound ? "Disabled" : "Enabled"
      keyVaultReferenceIdentity = azurerm_user_assigned_identity.app.id
      virtualNetworkSubnetId    = local.app_subnet_id
      functionAppConfig         = local.flex ? local.function_app_config : null
      siteConfig                = local.site_config
    }
  }

  lifecycle {
    precondition {
      condition     = length(setintersection(keys(var.extra_settings), keys(local.settings_here))) == 0
      error_message = "extra_settings names settings that variables of their own set: ${join(", ", setintersection(keys(var.extra_settings), keys(local.settings_here)))}."
    }
  }

  # The host reads its storage, and the platform writes the package, as soon as the
  # app exists. Roles take minutes to arrive: better that they have set out before.
  depends_on = [
    azurerm_role_assignment.host,
    azurerm_role_assignment.state,
    azurerm_role_assignment.insights,
    azurerm_storage_container.host,
    azurerm_private_endpoint.blob,
  ]
}

# Both exist from the app's creation on, so that they are changed and not made.
resource "azapi_update_resource" "no_basic_auth" {
  for_each  = toset(["ftp", "scm"])
  type      = "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01"
  parent_id = azapi_resource.site.id
  name      = each.value
  body      = { properties = { allow = false } }
}
