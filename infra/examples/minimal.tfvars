# The least that must be said. All the rest has defaults: Flex Consumption, a vault of its
# own, a workspace of its own, public endpoints with Entra in front of everything.
#
# The ids are placeholders: docs/deploy.md has a block that writes infra/terraform.tfvars with yours.
subscription_id   = "00000000-0000-0000-0000-000000000001"
name              = "pbirefresh"
location          = "westeurope"
powerbi_tenant_id = "00000000-0000-0000-0000-000000000002"
powerbi_client_id = "00000000-0000-0000-0000-000000000003"
runbook_url       = "https://github.com/OWNER/REPOSITORY/blob/main/docs/runbook.md"

secret_officer_ids = ["00000000-0000-0000-0000-000000000004"] # who puts the secret into the vault
alert_emails       = ["data-platform@example.com"]
