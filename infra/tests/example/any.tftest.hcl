# One set of variables, made and looked at: infra/checks gives each example by -var-file
# and reads what was made with structures of its own.
mock_provider "azurerm" {
  mock_resource "azurerm_storage_account" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stmock", primary_blob_endpoint = "https://stmock.blob.core.windows.net/" }
  }
}
mock_provider "azapi" {
  mock_resource "azapi_resource" {
    defaults = { output = { properties = { defaultHostName = "app.example" } } }
  }
}

run "made" {
  command = apply
}
