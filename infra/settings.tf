# The environment of the app. What is not here has the program's own default (docs/settings.md).
locals {
  # What is asked about below are variables, never attributes of resources: so a plan
  # shows all settings before the first apply.
  settings_of_program = merge(
    {
      POWERBI_AUTH                  = var.powerbi_auth
      POWERBI_TENANT_ID             = var.powerbi_tenant_id
      POWERBI_CLOUD                 = coalesce(var.powerbi_cloud, local.cloud.powerbi)
      AZURE_CLIENT_ID               = azurerm_user_assigned_identity.app.client_id
      STATE_STORAGE__blobServiceUri = trimsuffix(azurerm_storage_account.this["state"].primary_blob_endpoint, "/")
      STATE_CONTAINER               = azurerm_storage_container.state.name
      SWEEP_SCHEDULE                = var.sweep_schedule
    },
    { for name, value in {
      POWERBI_CLIENT_ID = var.powerbi_client_id
      ALLOWED_MODELS    = join(",", var.allowed_models)
      PUBLIC_BASE_URL   = var.public_base_url
      AUDIT_CONTAINER   = var.audit_container
    } : name => value if value != "" },
    { for name, value in { MEMORY_MB = local.memory_mb } : name => join("", [value]) if value > 0 },
    { for name, value in { KEY_VAULT_URL = local.vault_uri } : name => value if local.uses_vault },
    { for name, value in { POWERBI_CLIENT_SECRET_NAME = local.credential_name } : name => value if var.powerbi_auth == "keyvault-secret" },
    { for name, value in { POWERBI_CLIENT_CERTIFICATE_NAME = local.credential_name } : name => value if var.powerbi_auth == "keyvault-certificate" },
  )

  # Settings that no variable sets, and why the program's default is right for most.
  # extra_settings sets other values. RATE_LIMIT_* means all names that begin so.
  settings_left_at_default = {
    STATE_STORAGE           = "a connection string, or memory: neither is for the cloud"
    POWERBI_API_URL         = "POWERBI_CLOUD says it"
    POWERBI_SCOPE           = "POWERBI_CLOUD says it"
    AZURE_AUTHORITY_HOST    = "POWERBI_CLOUD says it"
    TOKEN_EXCHANGE_AUDIENCE = "POWERBI_CLOUD says it"
    SETTLE_WINDOW           = "5m: longer is safer and slower after a lost answer"
    DEFAULT_TIMEOUT         = "12h"
    EXTRA_OPTIONS           = "none: options of a newer version of the API, after its name is known"
    LOG_POWERBI_MESSAGES    = "false: Power BI's words may name people and data"
    MAX_WAIT                = "45s: below the 230 s after which the platform gives up"
    LOG_LEVEL               = "info: debug also logs each successful poll"
    STATUS_URL_LIFETIME     = "720h: a status URL ends that long after its operation"
    STATUS_ACCESS           = "link: a status URL needs no key"
    CALLBACK_HOSTS          = "Azure's own"
    CALLBACK_NETWORKS       = "none but public addresses"
    SCHEDULES_FILE          = "schedules.json in the package"
    PUBLIC_HOSTS            = "WEBSITE_HOSTNAME, which the platform sets"
    POLICY_FILE             = "none: function keys and ALLOWED_MODELS decide"
    "RATE_LIMIT_*"          = "the program's own limits"
  }

  # The host's storage by identity. Only blobs: this app has no queue and no durable
  # function. Never AzureWebJobsStorage itself, not even empty: the host takes it for
  # a connection string (Azure/azure-functions-host#11787).
  settings_of_host = {
    AzureWebJobsStorage__credential     = "managedidentity"
    AzureWebJobsStorage__clientId       = azurerm_user_assigned_identity.app.client_id
    AzureWebJobsStorage__blobServiceUri = trimsuffix(azurerm_storage_account.this["host"].primary_blob_endpoint, "/")

    # With Entra-only ingestion the connection string is an address, not a secret.
    APPLICATIONINSIGHTS_CONNECTION_STRING     = nonsensitive(azurerm_application_insights.this.connection_string)
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.app.client_id};Authorization=AAD"
  }

  # Flex has these in functionAppConfig and refuses them as settings. Elsewhere the
  # package is read from the container by identity: a file share would need a key
  # (Azure/azure-functions-host#10050).
  package_url = "${trimsuffix(azurerm_storage_account.this["host"].primary_blob_endpoint, "/")}/${azurerm_storage_container.deployment.name}/pbirefresh.zip"
  settings_of_plan = { for name, value in {
    FUNCTIONS_EXTENSION_VERSION                  = "~4"
    FUNCTIONS_WORKER_RUNTIME                     = "custom"
    WEBSITE_RUN_FROM_PACKAGE                     = local.package_url
    WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID = azurerm_user_assigned_identity.app.id
  } : name => value if !local.flex }

  settings_here = merge(local.settings_of_program, local.settings_of_host, local.settings_of_plan)
  settings      = merge(var.extra_settings, local.settings_here)
}
