# Settings of the program. Every setting of docs/settings.md can be given: the important
# ones by a variable of their own, the rest by extra_settings.

variable "powerbi_tenant_id" {
  description = "Tenant of the service principal, a GUID."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.powerbi_tenant_id))
    error_message = "powerbi_tenant_id must be a GUID: az account show --query tenantId"
  }
}

variable "powerbi_client_id" {
  description = "Application (client) id of the service principal, a GUID. Not asked for with powerbi_auth = managed-identity."
  type        = string
  default     = ""

  validation {
    condition     = var.powerbi_client_id == "" || can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.powerbi_client_id))
    error_message = "powerbi_client_id must be a GUID: az ad app list --display-name NAME --query [].appId"
  }

  validation {
    condition     = var.powerbi_client_id != "" || var.powerbi_auth == "managed-identity"
    error_message = "powerbi_client_id is needed, except with powerbi_auth = managed-identity."
  }
}

variable "powerbi_auth" {
  description = "How the program proves to be the service principal: keyvault-secret, keyvault-certificate, managed-identity or federated."
  type        = string
  default     = "keyvault-secret"

  validation {
    condition     = contains(["keyvault-secret", "keyvault-certificate", "managed-identity", "federated"], var.powerbi_auth)
    error_message = "powerbi_auth must be keyvault-secret, keyvault-certificate, managed-identity or federated."
  }
}

variable "powerbi_client_secret_name" {
  description = "Name of the secret in the vault, with keyvault-secret. Its value is put there by a person, never by this code: it would be in the state."
  type        = string
  default     = "powerbi-client-secret"

  validation {
    condition     = can(regex("^[0-9A-Za-z-]{1,127}$", var.powerbi_client_secret_name))
    error_message = "powerbi_client_secret_name must be 1 to 127 letters, digits and dashes. It is the secret's name, not the secret."
  }
}

variable "powerbi_client_certificate_name" {
  description = "Name of the certificate in the vault, with keyvault-certificate."
  type        = string
  default     = "powerbi-client-certificate"

  validation {
    condition     = can(regex("^[0-9A-Za-z-]{1,127}$", var.powerbi_client_certificate_name))
    error_message = "powerbi_client_certificate_name must be 1 to 127 letters, digits and dashes."
  }
}

variable "powerbi_cloud" {
  description = "The Power BI cloud, if it is not the one of the Azure cloud: public, usgov, usgovhigh, usgovmil or china. GCC tenants are usgov in Azure's public cloud."
  type        = string
  default     = null

  validation {
    condition     = var.powerbi_cloud == null ? true : contains(["public", "usgov", "usgovhigh", "usgovmil", "china"], var.powerbi_cloud)
    error_message = "powerbi_cloud must be public, usgov, usgovhigh, usgovmil or china."
  }
}

variable "allowed_models" {
  description = "Models that may be refreshed: workspaceId or workspaceId/datasetId. Empty: all that the service principal reaches."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for m in var.allowed_models : can(regex("^[0-9a-fA-F-]{36}(/[0-9a-fA-F-]{36})?$", m))])
    error_message = "Each of allowed_models must be workspaceId or workspaceId/datasetId, GUIDs."
  }
}

variable "sweep_schedule" {
  description = "NCRONTAB, six fields, of the timer that moves models forward without polling callers."
  type        = string
  default     = "*/30 * * * * *"

  validation {
    condition     = length(split(" ", trimspace(var.sweep_schedule))) == 6
    error_message = "sweep_schedule must have six fields, seconds first, such as */30 * * * * *."
  }
}

variable "public_base_url" {
  description = "Base of status URLs, if callers reach the app by another name than its own: a custom domain, or a gateway, also with a path."
  type        = string
  default     = ""

  validation {
    condition     = var.public_base_url == "" || can(regex("^https://[^/?#@~\\s]+(/[^?#@~\\s]*)?$", var.public_base_url))
    error_message = "public_base_url must be https://NAME or https://NAME/PATH, without a query."
  }
}

variable "extra_settings" {
  description = "Any other setting of docs/settings.md, by its name. Never a secret: everyone who may read the app's configuration can read them."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for k in keys(var.extra_settings) : !can(regex("^(AzureWebJobsStorage|AzureWebJobsDashboard|STATE_STORAGE|FUNCTIONS_|WEBSITE_|APPLICATIONINSIGHTS_|APPINSIGHTS_|AUDIT_CONTAINER$)", k))])
    error_message = "extra_settings must not touch what the platform needs: AzureWebJobsStorage*, STATE_STORAGE*, FUNCTIONS_*, WEBSITE_*, APPLICATIONINSIGHTS_*; nor AUDIT_CONTAINER, which audit_container makes."
  }

  validation {
    condition     = alltrue([for v in values(var.extra_settings) : !can(regex("(?i)(AccountKey=|SharedAccessSignature|[?&;]sig=|password=|secret=)", v))])
    error_message = "A value of extra_settings looks like a key or a password: it belongs into the vault."
  }
}
