# What each switch makes of the plan. The providers are mocks: nothing is asked of Azure,
# and no one has to be signed in. make infra-check runs this with fakes of the
# providers, .github/workflows/infra.yml with the real ones.

mock_provider "azurerm" {
  mock_resource "azurerm_storage_account" {
    defaults = {
      id                    = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Storage/storageAccounts/stmock"
      primary_blob_endpoint = "https://stmock.blob.core.windows.net/"
    }
  }
  mock_resource "azurerm_storage_container" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Storage/storageAccounts/stmock/blobServices/default/containers/mock" }
  }
  mock_resource "azurerm_resource_group" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t" }
  }
  mock_resource "azurerm_key_vault" {
    defaults = {
      id        = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.KeyVault/vaults/kv-mock"
      vault_uri = "https://kv-mock.vault.azure.net/"
    }
  }
  mock_resource "azurerm_application_insights" {
    defaults = {
      id                = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Insights/components/appi-mock"
      connection_string = "InstrumentationKey=00000000-0000-0000-0000-000000000009"
    }
  }
  mock_resource "azurerm_log_analytics_workspace" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.OperationalInsights/workspaces/log-mock" }
  }
  mock_resource "azurerm_monitor_action_group" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Insights/actionGroups/ag-mock" }
  }
  mock_resource "azurerm_user_assigned_identity" {
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-mock"
      client_id    = "00000000-0000-0000-0000-00000000000c"
      principal_id = "00000000-0000-0000-0000-00000000000d"
    }
  }
  mock_resource "azurerm_service_plan" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Web/serverFarms/plan-mock" }
  }
  mock_resource "azurerm_virtual_network" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Network/virtualNetworks/vnet-mock" }
  }
  mock_resource "azurerm_subnet" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Network/virtualNetworks/vnet-mock/subnets/mock" }
  }
  mock_resource "azurerm_private_dns_zone" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Network/privateDnsZones/mock" }
  }
  mock_data "azurerm_client_config" {
    defaults = { tenant_id = "00000000-0000-0000-0000-000000000002" }
  }
}

mock_provider "azapi" {
  mock_resource "azapi_resource" {
    defaults = {
      id     = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-t/providers/Microsoft.Web/sites/func-mock"
      output = { properties = { defaultHostName = "func-mock.azurewebsites.net" } }
    }
  }
}

variables {
  subscription_id   = "00000000-0000-0000-0000-000000000001"
  name              = "test"
  location          = "westeurope"
  powerbi_tenant_id = "00000000-0000-0000-0000-000000000002"
  powerbi_client_id = "00000000-0000-0000-0000-000000000003"
  runbook_url       = "https://example.com/runbook"
}

run "flex_by_default" {
  command = plan

  assert {
    condition     = azurerm_service_plan.this.sku_name == "FC1" && azapi_resource.site.body.properties.functionAppConfig.runtime.name == "custom"
    error_message = "The default is Flex Consumption with a custom handler."
  }
  assert {
    condition     = azapi_resource.site.body.properties.functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId == azurerm_user_assigned_identity.app.id
    error_message = "The package is read by the app's identity, named by its resource id."
  }
  assert {
    condition     = !contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : s.name], "AzureWebJobsStorage") && !contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : s.name], "FUNCTIONS_WORKER_RUNTIME")
    error_message = "Flex takes neither a connection string nor the worker's runtime as settings."
  }
  assert {
    condition     = alltrue([for a in azurerm_storage_account.this : !a.shared_access_key_enabled && !a.allow_nested_items_to_be_public])
    error_message = "No account has keys or public blobs."
  }
  assert {
    condition     = length(azurerm_private_endpoint.blob) == 0 && azapi_resource.site.body.properties.virtualNetworkSubnetId == null
    error_message = "There is no network unless asked for."
  }
  assert {
    condition     = azapi_update_resource.easy_auth.body.properties.platform.enabled == false
    error_message = "Easy Auth is off unless asked for."
  }
  assert {
    condition     = output.PBIREFRESH_URL == "https://func-mock.azurewebsites.net"
    error_message = "The address is the one that the platform gave."
  }
}

run "premium" {
  command = plan
  variables {
    plan              = "premium"
    maximum_instances = 4
  }

  assert {
    condition     = azapi_resource.site.body.properties.functionAppConfig == null && azapi_resource.site.body.properties.siteConfig.functionAppScaleLimit == 4
    error_message = "Premium has limits in siteConfig and no functionAppConfig."
  }
  assert {
    condition     = contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : "${s.name}=${s.value}"], "WEBSITE_RUN_FROM_PACKAGE=https://stmock.blob.core.windows.net/deployment/pbirefresh.zip")
    error_message = "Outside Flex the package is a blob."
  }
}

run "dedicated" {
  command = plan
  variables {
    plan              = "dedicated"
    maximum_instances = 1
  }

  assert {
    condition     = azapi_resource.site.body.properties.siteConfig.alwaysOn && azurerm_service_plan.this.sku_name == "P0v3"
    error_message = "A dedicated app never sleeps: the timer needs it."
  }
}

run "always_ready" {
  command = plan
  variables {
    always_ready = { http = 2, "function:RefreshSweep" = 1 }
  }

  assert {
    condition     = { for r in azapi_resource.site.body.properties.functionAppConfig.scaleAndConcurrency.alwaysReady : r.name => r.instanceCount } == { http = 2, "function:RefreshSweep" = 1 }
    error_message = "Always-ready instances are those that were asked for."
  }
}

run "private_network" {
  command = plan
  variables {
    private_network = true
    private_inbound = true
    allowed_ips     = ["203.0.113.7"]
  }

  assert {
    condition     = length(azurerm_private_endpoint.blob) == 2 && length(azurerm_private_endpoint.vault) == 1 && length(azurerm_private_endpoint.site) == 1
    error_message = "Both accounts, the vault and the app have private endpoints."
  }
  assert {
    condition     = alltrue([for a in azurerm_storage_account.this : a.network_rules[0].default_action == "Deny" && contains(a.network_rules[0].ip_rules, "203.0.113.7")])
    error_message = "Storage is closed to all but the addresses that are allowed."
  }
  assert {
    condition     = azapi_resource.site.body.properties.publicNetworkAccess == "Disabled" && azapi_resource.site.body.properties.virtualNetworkSubnetId == azurerm_subnet.app[0].id
    error_message = "The app is in its subnet, and not reached from outside."
  }
  assert {
    condition     = azurerm_subnet.app[0].delegation[0].service_delegation[0].name == "Microsoft.App/environments"
    error_message = "Flex's subnet is delegated to container apps' environments."
  }
}

run "existing_network" {
  command = plan
  variables {
    private_network = true
    existing_network = {
      app_subnet_id      = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-n/providers/Microsoft.Network/virtualNetworks/hub/subnets/app"
      endpoint_subnet_id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-n/providers/Microsoft.Network/virtualNetworks/hub/subnets/pe"
      dns_zone_ids = {
        blob  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-n/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"
        vault = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-n/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
      }
    }
  }

  assert {
    condition     = length(azurerm_virtual_network.this) == 0 && length(azurerm_private_dns_zone.this) == 0 && endswith(azapi_resource.site.body.properties.virtualNetworkSubnetId, "/hub/subnets/app")
    error_message = "An existing network is used as it is."
  }
}

run "easy_auth" {
  command = plan
  variables {
    easy_auth = { client_id = "00000000-0000-0000-0000-0000000000aa" }
  }

  assert {
    condition     = azapi_update_resource.easy_auth.body.properties.globalValidation.requireAuthentication && contains(azapi_update_resource.easy_auth.body.properties.globalValidation.excludedPaths, "/api/refreshes/*")
    error_message = "Callers need a token, status URLs do not."
  }
}

run "existing_vault" {
  command = plan
  variables {
    existing_vault = {
      id  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-s/providers/Microsoft.KeyVault/vaults/kv-s"
      uri = "https://kv-s.vault.azure.net/"
    }
  }

  assert {
    condition     = length(azurerm_key_vault.this) == 0 && endswith(azurerm_role_assignment.secret[0].scope, "/vaults/kv-s/secrets/powerbi-client-secret")
    error_message = "In a vault of others the app reads its one secret."
  }
  assert {
    condition     = output.PBIREFRESH_VAULT_NAME == "kv-s"
    error_message = "The output names the vault that is used."
  }
}

run "no_vault" {
  command = plan
  variables {
    powerbi_auth      = "managed-identity"
    powerbi_client_id = ""
  }

  assert {
    condition     = length(azurerm_key_vault.this) == 0 && length(azurerm_role_assignment.secret) == 0 && output.PBIREFRESH_VAULT_NAME == ""
    error_message = "Without a secret there is no vault."
  }
}

run "government" {
  command = plan
  variables {
    cloud           = "usgovernment"
    private_network = true
  }

  assert {
    condition     = azurerm_private_dns_zone.this["blob"].name == "privatelink.blob.core.usgovcloudapi.net"
    error_message = "Each cloud has its own names."
  }
  assert {
    condition     = contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : "${s.name}=${s.value}"], "POWERBI_CLOUD=usgov")
    error_message = "The Power BI cloud goes with the Azure cloud."
  }
}

run "watched" {
  command = plan
  variables {
    alert_emails = ["a@example.com"]
    budget       = 50
    alerts_off   = ["throttled"]
  }

  assert {
    condition     = length(azurerm_consumption_budget_resource_group.this) == 1 && alltrue([for a in azurerm_monitor_scheduled_query_rules_alert_v2.this : length(a.action[0].action_groups) == 1])
    error_message = "There is a budget, and every alert is enabled."
  }
  assert {
    condition     = [for k, a in azurerm_monitor_scheduled_query_rules_alert_v2.this : k if !a.enabled] == ["throttled"]
    error_message = "Only what was switched off is off."
  }
}
