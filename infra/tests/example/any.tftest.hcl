# One set of variables, planned with the real providers: .github/workflows/infra.yml gives each
# example by -var-file.
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
