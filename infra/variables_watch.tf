# Who gets alerts, and what monitoring may cost.

variable "existing_workspace_id" {
  description = "Resource id of a Log Analytics workspace to use; null: one is made."
  type        = string
  default     = null

  validation {
    condition     = var.existing_workspace_id == null ? true : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.OperationalInsights/workspaces/[^/]+$", var.existing_workspace_id))
    error_message = "existing_workspace_id must be a workspace's resource id."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept in the workspace that is made: 30 to 730."
  type        = number
  default     = 90

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730 && var.log_retention_days == floor(var.log_retention_days)
    error_message = "log_retention_days must be a whole number from 30 to 730."
  }
}

variable "log_daily_cap_gb" {
  description = "Gigabytes of logs a day at most. When it is reached, the alerts are blind for the rest of the day."
  type        = number
  default     = 5

  validation {
    condition     = var.log_daily_cap_gb == -1 || var.log_daily_cap_gb >= 0.1
    error_message = "log_daily_cap_gb must be at least 0.1, or -1 for no cap."
  }
}

variable "alert_emails" {
  description = "Mail addresses that get the alerts."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for m in compact(var.alert_emails) : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", m))])
    error_message = "Each of alert_emails must be a mail address."
  }
}

variable "alert_action_group_ids" {
  description = "Existing action groups that get the alerts as well: a pager, a chat."
  type        = list(string)
  default     = []
}

variable "alerts_off" {
  description = "Names of alert rules that are created but disabled: failed, stuck, secret, sweep, callbacks, schedule_late, schedule_failed, throttled, restarts, timer_refused."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.alerts_off, ["failed", "stuck", "secret", "sweep", "callbacks", "schedule_late", "schedule_failed", "throttled", "restarts", "timer_refused"])) == 0
    error_message = "alerts_off: failed, stuck, secret, sweep, callbacks, schedule_late, schedule_failed, throttled, restarts, timer_refused."
  }
}

variable "runbook_url" {
  description = "Page that the alerts' mails link to, without a fragment: docs/runbook.md where your people read it, such as https://github.com/OWNER/REPOSITORY/blob/main/docs/runbook.md, or a page of your own with the same sections."
  type        = string

  validation {
    condition     = can(regex("^https://[^/#\\s]+/[^#\\s]*$", var.runbook_url))
    error_message = "runbook_url must be an https address of a page, without # and spaces, such as https://github.com/OWNER/REPOSITORY/blob/main/docs/runbook.md."
  }
}

variable "failed_refreshes" {
  description = "How many failed refreshes of one model within an hour raise the alert."
  type        = number
  default     = 1

  validation {
    condition     = var.failed_refreshes >= 1 && var.failed_refreshes == floor(var.failed_refreshes)
    error_message = "failed_refreshes must be a whole number of at least 1."
  }
}

variable "budget" {
  description = "Cost a month, in the currency of the subscription, at which alert_emails get a mail; null: no budget. Needs alert_emails and a resource group of its own."
  type        = number
  default     = null

  validation {
    condition     = var.budget == null ? true : var.budget > 0 && length(compact(var.alert_emails)) > 0
    error_message = "budget must be above zero, and needs alert_emails."
  }
}
