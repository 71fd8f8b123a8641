# What is there already is used as it is; what is said is said to the program and to Azure.
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

run "existing_group" {
  command = plan
  variables {
    existing_resource_group = "rg-old"
    tags                    = { owner = "data" }
  }

  assert {
    condition     = length(azurerm_resource_group.this) == 0 && azapi_resource.site.parent_id == "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-old" && output.AZURE_RESOURCE_GROUP == "rg-old"
    error_message = "The resource group that is there is used."
  }
  assert {
    condition     = azapi_resource.site.tags["owner"] == "data" && azurerm_service_plan.this.tags["owner"] == "data" && azapi_resource.site.tags["azd-service-name"] == "refresher"
    error_message = "Tags are on what is made, beside azd's own."
  }
}

run "existing_workspace" {
  command = plan
  variables {
    existing_workspace_id  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-s/providers/Microsoft.OperationalInsights/workspaces/log-s"
    alert_action_group_ids = ["/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-s/providers/Microsoft.Insights/actionGroups/ag-s"]
    failed_refreshes       = 3
    runbook_url            = "https://wiki.example.com/runbook"
  }

  assert {
    condition     = length(azurerm_log_analytics_workspace.this) == 0 && endswith(azurerm_application_insights.this.workspace_id, "/log-s") && endswith(azurerm_monitor_diagnostic_setting.site.log_analytics_workspace_id, "/log-s")
    error_message = "Logs go to the workspace that is there."
  }
  assert {
    condition     = alltrue([for a in azurerm_monitor_scheduled_query_rules_alert_v2.this : endswith(one(a.action[0].action_groups), "/ag-s")]) && length(azurerm_monitor_action_group.this) == 0
    error_message = "The pager that is there is rung."
  }
  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.this["failed"].criteria[0].threshold == 3 && strcontains(azurerm_monitor_scheduled_query_rules_alert_v2.this["failed"].description, "https://wiki.example.com/runbook#failed")
    error_message = "The alert fires at the third failure and links to the runbook."
  }
}

run "new_workspace" {
  command = plan
  variables {
    log_retention_days = 30
    log_daily_cap_gb   = 1
  }

  assert {
    condition     = azurerm_log_analytics_workspace.this[0].retention_in_days == 30 && azurerm_log_analytics_workspace.this[0].daily_quota_gb == 1
    error_message = "Logs are kept and capped as said."
  }
}

run "the_program" {
  command = plan
  variables {
    allowed_models  = ["00000000-0000-0000-0000-0000000000aa", "00000000-0000-0000-0000-0000000000aa/00000000-0000-0000-0000-0000000000bb"]
    sweep_schedule  = "0 * * * * *"
    public_base_url = "https://refresh.example.com/powerbi"
    powerbi_cloud   = "usgov"
    extra_settings  = { PUBLIC_HOSTS = "refresh.example.com" }
    state_container = "promises"
  }

  assert {
    condition = length(setsubtract([
      "ALLOWED_MODELS=00000000-0000-0000-0000-0000000000aa,00000000-0000-0000-0000-0000000000aa/00000000-0000-0000-0000-0000000000bb",
      "SWEEP_SCHEDULE=0 * * * * *", "PUBLIC_BASE_URL=https://refresh.example.com/powerbi", "POWERBI_CLOUD=usgov", "PUBLIC_HOSTS=refresh.example.com", "STATE_CONTAINER=promises",
      "AZURE_CLIENT_ID=00000000-0000-0000-0000-00000000000c",
    ], [for s in azapi_resource.site.body.properties.siteConfig.appSettings : "${s.name}=${s.value}"])) == 0
    error_message = "What is said of the program is in its settings."
  }
  assert {
    condition     = output.PBIREFRESH_URL == "https://refresh.example.com/powerbi"
    error_message = "The address is the one that callers use."
  }
}

run "certificate" {
  command = plan
  variables {
    powerbi_auth                    = "keyvault-certificate"
    powerbi_client_certificate_name = "my-certificate"
  }

  assert {
    condition     = contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : "${s.name}=${s.value}"], "POWERBI_CLIENT_CERTIFICATE_NAME=my-certificate") && output.PBIREFRESH_SECRET_NAME == "my-certificate"
    error_message = "A certificate is read by its name."
  }
  assert {
    condition     = !contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : s.name], "POWERBI_CLIENT_SECRET_NAME")
    error_message = "There is no secret beside it."
  }
}

run "secret" {
  command = plan
  variables {
    powerbi_client_secret_name = "my-secret"
    secret_officer_ids         = ["00000000-0000-0000-0000-0000000000ee"]
    deployer_ids               = ["00000000-0000-0000-0000-0000000000dd"]
  }

  assert {
    condition     = contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : "${s.name}=${s.value}"], "POWERBI_CLIENT_SECRET_NAME=my-secret")
    error_message = "A secret is read by its name."
  }
  assert {
    condition     = one(values(azurerm_role_assignment.secret_officer)).principal_id == "00000000-0000-0000-0000-0000000000ee" && one(values(azurerm_role_assignment.secret_officer)).scope == azurerm_key_vault.this[0].id
    error_message = "Who sets the secret may do so in that vault."
  }
  assert {
    condition     = one(values(azurerm_role_assignment.deployer)).scope == azapi_resource.site.id && length(azurerm_role_assignment.deployer_package) == 0
    error_message = "Who deploys to Flex needs the app, and no storage."
  }
}

run "sizes" {
  command = plan
  variables {
    instance_memory_mb  = 512
    maximum_instances   = 100
    http_concurrency    = 16
    min_tls_version     = "1.3"
    storage_replication = "GZRS"
    lock_state          = false
    keep_days           = { archive = 30 }
  }

  assert {
    condition = azapi_resource.site.body.properties.functionAppConfig.scaleAndConcurrency == {
      instanceMemoryMB = 512, maximumInstanceCount = 100, alwaysReady = [], triggers = { http = { perInstanceConcurrency = 16 } }
    }
    error_message = "A Flex app is as large as said."
  }
  assert {
    condition     = azapi_resource.site.body.properties.siteConfig.minTlsVersion == "1.3" && azapi_resource.site.body.properties.siteConfig.scmMinTlsVersion == "1.3"
    error_message = "The app's TLS version is as said."
  }
  assert {
    condition     = alltrue([for a in azurerm_storage_account.this : a.account_replication_type == "GZRS"]) && length(azurerm_management_lock.state) == 0
    error_message = "Storage is replicated and locked as said."
  }
  assert {
    condition     = { for r in azurerm_storage_management_policy.state.rule : r.name => r.actions[0].base_blob[0].delete_after_days_since_modification_greater_than } == { archive = 30, keys-requests = 38, callbacks = 30, audit = 400, history = 92 }
    error_message = "What is forgotten is forgotten after the days that are said."
  }
}

run "audit_apart" {
  command = plan
  variables {
    audit_container  = "records"
    audit_reader_ids = ["00000000-0000-0000-0000-0000000000ab"]
  }

  assert {
    condition     = azurerm_storage_container.audit[0].name == "records" && azurerm_role_assignment.audit[0].scope == azurerm_storage_container.audit[0].id && contains([for s in azapi_resource.site.body.properties.siteConfig.appSettings : "${s.name}=${s.value}"], "AUDIT_CONTAINER=records")
    error_message = "Audit records have a container, the app may write to it and knows it."
  }
  assert {
    condition     = flatten([for r in azurerm_storage_management_policy.state.rule : r.filters[0].prefix_match if r.name == "audit"]) == ["records/audit/"]
    error_message = "What is forgotten of them is forgotten there."
  }
  assert {
    condition     = one(values(azurerm_role_assignment.audit_reader)).principal_id == "00000000-0000-0000-0000-0000000000ab" && one(values(azurerm_role_assignment.audit_reader)).scope == azurerm_storage_container.audit[0].id
    error_message = "Who reads the records reads their container only."
  }
}

run "premium_in_a_network" {
  command = plan
  variables {
    plan              = "premium"
    plan_sku          = "EP2"
    maximum_instances = 3
    private_network   = true
    address_space     = "10.1.0.0/22"
    deployer_ids      = ["00000000-0000-0000-0000-0000000000dd"]
  }

  assert {
    condition     = azurerm_service_plan.this.sku_name == "EP2" && azurerm_subnet.app[0].delegation[0].service_delegation[0].name == "Microsoft.Web/serverFarms" && azapi_resource.site.body.properties.siteConfig.vnetRouteAllEnabled
    error_message = "Premium's subnet is delegated to App Service, and all calls leave by it."
  }
  assert {
    condition     = one(azurerm_virtual_network.this[0].address_space) == "10.1.0.0/22" && azurerm_subnet.app[0].address_prefixes == tolist(["10.1.0.0/23"]) && azurerm_subnet.endpoints[0].address_prefixes == tolist(["10.1.2.0/25"])
    error_message = "The network has the addresses that are said."
  }
  assert {
    condition     = length(azurerm_role_assignment.deployer_package) == 1
    error_message = "Outside Flex who deploys writes the package."
  }
}

run "china" {
  command = plan
  variables {
    cloud           = "china"
    private_network = true
    powerbi_auth    = "federated"
    easy_auth       = { client_id = "00000000-0000-0000-0000-0000000000aa", allowed_applications = ["00000000-0000-0000-0000-0000000000bb"] }
  }

  assert {
    condition     = azurerm_private_dns_zone.this["blob"].name == "privatelink.blob.core.chinacloudapi.cn" && azapi_update_resource.easy_auth.body.properties.identityProviders.azureActiveDirectory.registration.openIdIssuer == "https://login.partner.microsoftonline.cn/00000000-0000-0000-0000-000000000002/v2.0"
    error_message = "Names and sign-in are China's."
  }
  assert {
    condition     = one(azapi_update_resource.easy_auth.body.properties.identityProviders.azureActiveDirectory.validation.defaultAuthorizationPolicy.allowedApplications) == "00000000-0000-0000-0000-0000000000bb"
    error_message = "Only the applications that are named may call."
  }
  assert {
    condition     = length(azurerm_key_vault.this) == 0 && length(azurerm_private_dns_zone.this) == 1
    error_message = "Federation needs no vault, and no name for one."
  }
}
