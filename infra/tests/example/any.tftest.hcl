# One set of variables, planned: test/infra gives each example and each switch by
# -var-file, and compares what OpenTofu plans with what it works out itself.
mock_provider "azurerm" {
  mock_resource "azurerm_storage_account" {
    defaults = { primary_blob_endpoint = "https://mock/" }
  }
}

mock_provider "azapi" {
  mock_resource "azapi_resource" {
    defaults = { output = { properties = { defaultHostName = "app.example" } } }
  }
}

run "planned" {
  command = plan
}
