# The one identity of the app: for the host's storage, the state, the package, the
# vault and Application Insights. User-assigned, so that all roles are there before
# the app first starts, and a new app of the same name finds them.
resource "azurerm_user_assigned_identity" "app" {
  name                = "id-${var.name}"
  resource_group_name = local.group
  location            = var.location
  tags                = merge(local.tags, { pbirefresh = "identity" })
}
