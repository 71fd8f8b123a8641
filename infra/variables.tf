# Where it goes and what it is called. The other variables are beside what they are
# about: variables_app.tf, variables_hosting.tf, variables_network.tf, variables_watch.tf.

variable "subscription_id" {
  description = "The subscription, a GUID."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id must be a GUID: az account show --query id"
  }
}

variable "name" {
  description = "Name of this installation; all resources are called after it. azd: the environment's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and dashes, begin with a letter and not end with a dash."
  }
}

variable "location" {
  description = "The region, such as westeurope. Flex Consumption is not in all: az functionapp list-flexconsumption-locations"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "location must be the region's short name, such as westeurope."
  }
}

variable "cloud" {
  description = "The Azure cloud: public, usgovernment or china."
  type        = string
  default     = "public"

  validation {
    condition     = contains(["public", "usgovernment", "china"], var.cloud)
    error_message = "cloud must be public, usgovernment or china."
  }
}

variable "existing_resource_group" {
  description = "Name of a resource group to use; null: one is made."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
