# App Service authentication, off unless easy_auth is set. It is in front of the
# function key, not in its place. (It exists from the app's creation on; removing
# easy_auth again switches it off.)
locals {
  # Status URLs, the liveness probe, the page and the description of the API carry no token: a
  # status URL has its signature, and the others say nothing. Everything else has a path of its own. "/*" is understood at the end (MicrosoftDocs/azure-docs#86514; seen,
  # not in the reference).
  open_paths = ["/api/dashboard", "/api/health", "/api/openapi.json", "/api/refreshes/*"]

  easy_auth_on     = var.easy_auth != null
  easy_auth_tenant = try(coalesce(var.easy_auth.tenant_id, var.powerbi_tenant_id), var.powerbi_tenant_id)
  easy_auth_client = try(var.easy_auth.client_id, "")
}

resource "azapi_update_resource" "easy_auth" {
  type      = "Microsoft.Web/sites/config@2024-04-01"
  parent_id = azapi_resource.site.id
  name      = "authsettingsV2"

  body = {
    properties = {
      platform = { enabled = local.easy_auth_on }
      globalValidation = {
        requireAuthentication       = local.easy_auth_on
        unauthenticatedClientAction = local.easy_auth_on ? "Return401" : "AllowAnonymous"
        excludedPaths               = local.easy_auth_on ? local.open_paths : []
      }
      httpSettings = { requireHttps = true }
      login        = { tokenStore = { enabled = false } }
      identityProviders = {
        azureActiveDirectory = {
          enabled = local.easy_auth_on
          registration = {
            clientId     = local.easy_auth_client
            openIdIssuer = "${local.cloud.login}/${local.easy_auth_tenant}/v2.0"
          }
          validation = {
            allowedAudiences           = distinct(concat(try(var.easy_auth.allowed_audiences, []), local.easy_auth_on ? ["api://${local.easy_auth_client}"] : []))
            defaultAuthorizationPolicy = { allowedApplications = try(var.easy_auth.allowed_applications, []) }
          }
        }
      }
    }
  }
}
