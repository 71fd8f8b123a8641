# What may be forgotten, and when. State documents (models/), the status key
# (keys/status.json) and the sweep's position are never deleted: no rule's prefix may
# be a beginning of theirs.
locals {
  forgotten = {
    "archive/"       = var.keep_days.archive
    "keys/requests/" = var.keep_days.requests
    "callbacks/"     = var.keep_days.callbacks
    "audit/"         = var.keep_days.audit
    "history/"       = var.keep_days.history
  }
}

resource "azurerm_storage_management_policy" "state" {
  storage_account_id = azurerm_storage_account.this["state"].id

  dynamic "rule" {
    for_each = local.forgotten

    content {
      name    = replace(trimsuffix(rule.key, "/"), "/", "-")
      enabled = true

      filters {
        blob_types   = ["blockBlob", "appendBlob"]
        prefix_match = ["${rule.key == "audit/" ? coalesce(var.audit_container, var.state_container) : var.state_container}/${rule.key}"]
      }

      actions {
        base_blob {
          delete_after_days_since_modification_greater_than = rule.value
        }
      }
    }
  }
}
