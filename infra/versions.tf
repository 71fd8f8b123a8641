# Works with OpenTofu and Terraform alike: nothing here is of only one of them.
terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.2"
    }
    # The site itself: azurerm 5.2 would give it AzureWebJobsStorage with an empty
    # account key, which the Functions host prefers to the identity
    # (hashicorp/terraform-provider-azurerm#29149).
    azapi = {
      source  = "Azure/azapi"
      version = "~> 2.12"
    }
  }
}
