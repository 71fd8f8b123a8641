# The least that must be said. All the rest has defaults: Flex Consumption, a vault of its
# own, a workspace of its own, public endpoints with Entra in front of everything.
#
#   tofu -chdir=infra apply -var-file=examples/minimal.tfvars
subscription_id   = "00000000-0000-0000-0000-000000000001"
name              = "pbirefresh"
location          = "westeurope"
powerbi_tenant_id = "00000000-0000-0000-0000-000000000002"
powerbi_client_id = "00000000-0000-0000-0000-000000000003"
