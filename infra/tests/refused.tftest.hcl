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
  }
  expect_failures = [var.budget, var.alerts_off]
}
