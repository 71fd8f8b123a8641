# The alerts: mail if there are addresses, and the given action groups.
locals {
  emails        = compact(var.alert_emails)
  page          = "${coalesce(var.public_base_url, "https://${azapi_resource.site.output.properties.defaultHostName}")}/api/dashboard"
  action_groups = concat(var.alert_action_group_ids, azurerm_monitor_action_group.this[*].id)
}

resource "azurerm_monitor_action_group" "this" {
  count               = length(local.emails) > 0 ? 1 : 0
  name                = "ag-${var.name}"
  resource_group_name = local.group
  short_name          = substr(local.short, 0, 12)
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = local.emails

    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  for_each            = local.rules
  name                = "alert-${var.name}-${replace(each.key, "_", "-")}"
  resource_group_name = local.group
  location            = var.location
  tags                = local.tags

  display_name = "pbirefresh ${var.name}: ${replace(each.key, "_", " ")}"
  description  = "${each.value.description} What happened: ${local.page}. What to do: ${var.runbook_url}#${each.key}"
  severity     = each.value.severity
  enabled      = !contains(var.alerts_off, each.key)
  scopes       = [azurerm_application_insights.this.id]

  evaluation_frequency    = each.value.minutes > 60 ? "PT1H" : "PT5M"
  window_duration         = { 15 = "PT15M", 30 = "PT30M", 60 = "PT1H", 1440 = "P1D" }[each.value.minutes]
  auto_mitigation_enabled = true
  skip_query_validation   = true # there is no table before the first line

  criteria {
    query                   = "${local.lines} | ${each.value.query}"
    time_aggregation_method = "Count"
    operator                = each.value.at_least == 0 ? "LessThanOrEqual" : "GreaterThanOrEqual"
    threshold               = each.value.at_least

    dynamic "dimension" {
      for_each = each.value.by

      content {
        name     = dimension.value
        operator = "Include"
        values   = ["*"]
      }
    }

    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = local.action_groups
  }
}
