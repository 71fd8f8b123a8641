# What differs between the clouds. Source: Microsoft's lists of national cloud
# endpoints and of private DNS zone names (documented).
locals {
  clouds = {
    public = {
      powerbi = "public"
      login   = "https://login.microsoftonline.com"
      zones   = { blob = "privatelink.blob.core.windows.net", vault = "privatelink.vaultcore.azure.net", sites = "privatelink.azurewebsites.net" }
    }
    usgovernment = {
      powerbi = "usgov"
      login   = "https://login.microsoftonline.us"
      zones   = { blob = "privatelink.blob.core.usgovcloudapi.net", vault = "privatelink.vaultcore.usgovcloudapi.net", sites = "privatelink.azurewebsites.us" }
    }
    china = {
      powerbi = "china"
      login   = "https://login.partner.microsoftonline.cn"
      zones   = { blob = "privatelink.blob.core.chinacloudapi.cn", vault = "privatelink.vaultcore.azure.cn", sites = "privatelink.chinacloudsites.cn" }
    }
  }
  cloud = local.clouds[var.cloud]
}
