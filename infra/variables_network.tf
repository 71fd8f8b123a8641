# Who reaches what, and who may do what.

variable "private_network" {
  description = "Put the app into a virtual network and its storage and vault behind private endpoints."
  type        = bool
  default     = false
}

variable "existing_network" {
  description = "A network to use instead of making one: the app's subnet (delegated to Microsoft.App/environments for flex, Microsoft.Web/serverFarms otherwise), the endpoints' subnet, and the ids of the private DNS zones (blob, vault, sites) that it resolves with."
  type = object({
    app_subnet_id      = string
    endpoint_subnet_id = string
    dns_zone_ids       = map(string)
  })
  default = null

  validation {
    condition     = var.existing_network == null ? true : var.private_network
    error_message = "existing_network needs private_network = true."
  }

  validation {
    condition = var.existing_network == null ? true : alltrue([
      for id in [var.existing_network.app_subnet_id, var.existing_network.endpoint_subnet_id] : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/virtualNetworks/[^/]+/subnets/[^/]+$", id))
    ])
    error_message = "existing_network: the subnets must be resource ids."
  }

  validation {
    condition     = var.existing_network == null ? true : length(setsubtract(["blob", "vault"], keys(var.existing_network.dns_zone_ids))) == 0
    error_message = "existing_network.dns_zone_ids must have blob and vault (and sites with private_inbound)."
  }
}

variable "address_space" {
  description = "Addresses of the network that is made, a /24 or larger."
  type        = string
  default     = "10.90.0.0/24"

  validation {
    condition     = can(cidrsubnet(var.address_space, 3, 1)) && try(tonumber(split("/", var.address_space)[1]), 32) <= 24
    error_message = "address_space must be a CIDR block of /24 or larger, such as 10.90.0.0/24."
  }
}

variable "private_inbound" {
  description = "Let the app be reached through a private endpoint only. Needs private_network."
  type        = bool
  default     = false

  validation {
    condition     = !var.private_inbound || var.private_network
    error_message = "private_inbound needs private_network = true."
  }

  validation {
    condition     = !var.private_inbound || (var.existing_network == null ? true : contains(keys(var.existing_network.dns_zone_ids), "sites"))
    error_message = "private_inbound with existing_network needs dns_zone_ids.sites."
  }
}

variable "allowed_ips" {
  description = "Public addresses (or CIDR blocks) that reach storage and vault although the network is private: where this is applied from, and who sets the secret."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for ip in var.allowed_ips : can(cidrhost(strcontains(ip, "/") ? ip : "${ip}/32", 0)) && ip != "0.0.0.0/0"])
    error_message = "allowed_ips must be IPv4 addresses or CIDR blocks, and not the whole internet."
  }
}

variable "existing_vault" {
  description = "A Key Vault (RBAC) to use instead of making one: its resource id and its address. The app may read the one secret in it, no other."
  type = object({
    id  = string
    uri = string
  })
  default = null

  validation {
    condition     = var.existing_vault == null ? true : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.KeyVault/vaults/[^/]+$", var.existing_vault.id)) && can(regex("^https://[^/?#@\\s]+/?$", var.existing_vault.uri))
    error_message = "existing_vault needs the vault's resource id and its https address."
  }
}

variable "secret_officer_ids" {
  description = "Object ids of the groups or people who set the secret in the vault that is made (Key Vault Secrets Officer)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in compact(var.secret_officer_ids) : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "Each of secret_officer_ids must be an object id, a GUID."
  }
}

variable "audit_reader_ids" {
  description = "Object ids of the groups or people who read the records of who asked for what (Storage Blob Data Reader on the audit container)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.audit_reader_ids : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "Each of audit_reader_ids must be an object id, a GUID."
  }

  validation {
    condition     = length(var.audit_reader_ids) == 0 || var.audit_container != ""
    error_message = "audit_reader_ids needs an audit_container of its own: who reads the state container can make status URLs."
  }
}

variable "deployer_ids" {
  description = "Object ids of the service principals that deploy new versions of the app (Website Contributor on the app, nothing else)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.deployer_ids : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "Each of deployer_ids must be an object id, a GUID."
  }
}

variable "easy_auth" {
  description = "Ask callers for an Entra token besides the function key: the app registration that stands for this API, and who may call (client ids of applications; empty: any of the tenant)."
  type = object({
    client_id            = string
    tenant_id            = optional(string)
    allowed_audiences    = optional(list(string), [])
    allowed_applications = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.easy_auth == null ? true : alltrue([for id in concat([var.easy_auth.client_id], var.easy_auth.allowed_applications) : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "easy_auth: client_id and allowed_applications must be GUIDs."
  }
}
