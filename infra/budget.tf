# An alert only: Azure stops nothing when the budget is used up.
resource "azurerm_consumption_budget_resource_group" "this" {
  count             = var.budget == null ? 0 : 1
  name              = "budget-${var.name}"
  resource_group_id = local.group_id
  amount            = var.budget
  time_grain        = "Monthly"

  time_period {
    start_date = formatdate("YYYY-MM-01'T'00:00:00'Z'", plantimestamp()) # must be the first of a month
  }

  dynamic "notification" {
    for_each = { Actual = 80, Forecasted = 100 }

    content {
      operator       = "GreaterThanOrEqualTo"
      threshold      = notification.value
      threshold_type = notification.key
      contact_emails = local.emails
    }
  }

  lifecycle {
    ignore_changes = [time_period] # the month in which it was made
  }
}
