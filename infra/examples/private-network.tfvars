# Everything in a virtual network: the app calls out through its subnet, storage and vault
# are reached through private endpoints, and callers reach the app through one as well.
# allowed_ips is the address that this is applied from, and the secret set from.
subscription_id   = "00000000-0000-0000-0000-000000000001"
name              = "pbirefresh-prod"
location          = "westeurope"
powerbi_tenant_id = "00000000-0000-0000-0000-000000000002"
powerbi_client_id = "00000000-0000-0000-0000-000000000003"
runbook_url       = "https://github.com/OWNER/REPOSITORY/blob/main/docs/runbook.md"

private_network = true
private_inbound = true
address_space   = "10.90.0.0/24"
allowed_ips     = ["203.0.113.7"]

always_ready = { http = 1, "function:RefreshSweep" = 1 }
alert_emails = ["data-platform@example.com"]
budget       = 100

easy_auth = {
  client_id            = "00000000-0000-0000-0000-000000000004"
  allowed_applications = ["00000000-0000-0000-0000-000000000005"] # the Data Factory's identity
}
