# Azure Government with a GCC High tenant of Power BI. Whether a region has Flex
# Consumption: az functionapp list-flexconsumption-locations. This one takes Premium.
subscription_id   = "00000000-0000-0000-0000-000000000001"
name              = "pbirefresh"
location          = "usgovvirginia"
cloud             = "usgovernment"
powerbi_cloud     = "usgovhigh"
powerbi_tenant_id = "00000000-0000-0000-0000-000000000002"
powerbi_client_id = "00000000-0000-0000-0000-000000000003"
runbook_url       = "https://github.com/OWNER/REPOSITORY/blob/main/docs/runbook.md"

plan              = "premium"
plan_sku          = "EP1"
maximum_instances = 3

storage_replication = "LRS"
private_network     = true
