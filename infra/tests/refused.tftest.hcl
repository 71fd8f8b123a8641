# What must be refused before anything is made.
mock_provider "azurerm" {}
mock_provider "azapi" {
  mock_resource "azapi_resource" {
    defaults = { output = { properties = { defaultHostName = "app.example" } } }
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

run "names" {
  command = plan
  variables {
    name     = "T_1"
    location = "West Europe"
    cloud    = "germany"
  }
  expect_failures = [var.name, var.location, var.cloud]
}

run "ids" {
  command = plan
  variables {
    subscription_id   = "mine"
    powerbi_tenant_id = "contoso"
    powerbi_client_id = "app"
    allowed_models    = ["all"]
  }
  expect_failures = [var.subscription_id, var.powerbi_tenant_id, var.powerbi_client_id, var.allowed_models]
}

run "hosting" {
  command = plan
  variables {
    plan               = "flex"
    plan_sku           = "EP1"
    maximum_instances  = 5
    instance_memory_mb = 1024
    always_ready       = { "$http" = 1 }
    min_tls_version    = "1.1"
    keep_days          = { archive = 1 }
  }
  expect_failures = [var.plan_sku, var.maximum_instances, var.instance_memory_mb, var.always_ready, var.min_tls_version, var.keep_days]
}

run "network" {
  command = plan
  variables {
    private_inbound = true
    allowed_ips     = ["0.0.0.0/0"]
    address_space   = "10.0.0.0/28"
  }
  expect_failures = [var.private_inbound, var.allowed_ips, var.address_space]
}

run "secrets" {
  command = plan
  variables {
    extra_settings             = { CALLBACK_HOSTS = "DefaultEndpointsProtocol=https;AccountKey=x" }
    powerbi_client_secret_name = "My~Secret"
  }
  expect_failures = [var.extra_settings, var.powerbi_client_secret_name]
}

run "platform_settings" {
  command = plan
  variables {
    extra_settings = { AzureWebJobsStorage = "" }
  }
  expect_failures = [var.extra_settings]
}

run "settings_with_a_variable" {
  command = plan
  variables {
    extra_settings = { AUDIT_CONTAINER = "records" }
  }
  expect_failures = [var.extra_settings]
}

run "settings_given_twice" {
  command = plan
  variables {
    extra_settings = { SWEEP_SCHEDULE = "0 * * * * *" }
  }
  expect_failures = [azapi_resource.site]
}

run "who_pays" {
  command = plan
  variables {
    budget       = 50
    alert_emails = []
    alerts_off   = ["everything"]
    runbook_url  = "docs/runbook.md"
  }
  expect_failures = [var.budget, var.alerts_off, var.runbook_url]
}

run "who_is_told" {
  command = plan
  variables {
    alert_emails     = ["nobody"]
    failed_refreshes = 0
  }
  expect_failures = [var.alert_emails, var.failed_refreshes]
}

run "who_may" {
  command = plan
  variables {
    deployer_ids       = ["pipeline"]
    secret_officer_ids = ["ada@example.com"]
    audit_container    = ""
    audit_reader_ids   = ["00000000-0000-0000-0000-0000000000ab"]
    easy_auth          = { client_id = "api://refresh" }
  }
  expect_failures = [var.deployer_ids, var.secret_officer_ids, var.audit_reader_ids, var.easy_auth]
}

run "what_is_not_there" {
  command = plan
  variables {
    existing_vault        = { id = "kv-shared", uri = "https://kv-shared.vault.azure.net/" }
    existing_workspace_id = "log-shared"
    existing_network = {
      app_subnet_id      = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub/subnets/app"
      endpoint_subnet_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub/subnets/pe"
      dns_zone_ids       = { blob = "z", vault = "z" }
    }
  }
  expect_failures = [var.existing_vault, var.existing_workspace_id, var.existing_network] # the network: without private_network
}

run "sizes" {
  command = plan
  variables {
    plan                = "consumption"
    http_concurrency    = 0
    log_daily_cap_gb    = 0
    log_retention_days  = 7
    storage_replication = "RAGRS"
    state_container     = "Pb--refresh"
  }
  expect_failures = [var.plan, var.http_concurrency, var.log_daily_cap_gb, var.log_retention_days, var.storage_replication, var.state_container]
}

run "the_program" {
  command = plan
  variables {
    powerbi_auth                    = "password"
    powerbi_client_certificate_name = "my certificate"
    powerbi_cloud                   = "germany"
    public_base_url                 = "http://refresh.example.com/?a=b"
    sweep_schedule                  = "* * * * *"
    audit_container                 = "pbirefresh" # the state_container
  }
  expect_failures = [var.powerbi_auth, var.powerbi_client_certificate_name, var.powerbi_cloud, var.public_base_url, var.sweep_schedule, var.audit_container]
}
