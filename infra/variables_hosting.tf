# What it runs on, and how long things are kept.

variable "plan" {
  description = "flex (Flex Consumption), premium (Elastic Premium) or dedicated (App Service plan)."
  type        = string
  default     = "flex"

  validation {
    condition     = contains(["flex", "premium", "dedicated"], var.plan)
    error_message = "plan must be flex, premium or dedicated."
  }
}

variable "plan_sku" {
  description = "Size of a premium (EP1 to EP3) or dedicated (B1, S1, P0v3, ...) plan; null: EP1 or P0v3. Flex has one: FC1."
  type        = string
  default     = null

  validation {
    condition = var.plan_sku == null ? true : (
      var.plan == "flex" ? var.plan_sku == "FC1" :
      var.plan == "premium" ? can(regex("^EP[123]$", var.plan_sku)) : can(regex("^(B[123]|S[123]|P[0-5]m?v[234])$", var.plan_sku))
    )
    error_message = "plan_sku does not go with plan: FC1 for flex, EP1 to EP3 for premium, B, S or P for dedicated."
  }
}

variable "instance_memory_mb" {
  description = "Memory of a Flex instance: 512, 2048 or 4096."
  type        = number
  default     = 2048

  validation {
    condition     = contains([512, 2048, 4096], var.instance_memory_mb)
    error_message = "instance_memory_mb must be 512, 2048 or 4096."
  }
}

variable "maximum_instances" {
  description = "Instances at most. One is plenty for thousands of models; more are for callers who wait in the call."
  type        = number
  default     = 40

  validation {
    condition     = var.maximum_instances == floor(var.maximum_instances) && (var.plan == "flex" ? var.maximum_instances >= 40 && var.maximum_instances <= 1000 : var.maximum_instances >= 1 && var.maximum_instances <= 100)
    error_message = "maximum_instances must be 40 to 1000 on flex, 1 to 100 on other plans."
  }
}

variable "http_concurrency" {
  description = "Requests that one Flex instance serves at a time. The program waits more than it computes."
  type        = number
  default     = 100

  validation {
    condition     = var.http_concurrency >= 1 && var.http_concurrency <= 1000 && var.http_concurrency == floor(var.http_concurrency)
    error_message = "http_concurrency must be a whole number from 1 to 1000."
  }
}

variable "always_ready" {
  description = "Instances that never sleep. Flex: by group, http or function:NAME, such as { http = 1, \"function:RefreshSweep\" = 1 }. Premium: only http counts."
  type        = map(number)
  default     = {}

  validation {
    # "$http" is what other tools write; the API refuses it.
    condition     = alltrue([for k, n in var.always_ready : can(regex("^(http|function:[A-Za-z][A-Za-z0-9_-]*)$", k)) && n >= 1 && n <= 20 && n == floor(n)])
    error_message = "always_ready: keys are http or function:NAME, values whole numbers from 1 to 20."
  }
}

variable "storage_replication" {
  description = "Replication of the storage accounts: LRS, ZRS, GRS or GZRS. Geo-replication is asynchronous: after a fail-over the newest promises may be missing."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "GZRS"], var.storage_replication)
    error_message = "storage_replication must be LRS, ZRS, GRS or GZRS."
  }
}

variable "state_container" {
  description = "Container of the state documents."
  type        = string
  default     = "pbirefresh"

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9]){2,62}$", var.state_container))
    error_message = "state_container must be 3 to 63 lower-case letters, digits and single dashes."
  }
}

variable "audit_container" {
  description = "Container of the records of who asked for what. Of its own, it can have readers and an immutability policy of its own; empty: the state container."
  type        = string
  default     = "pbirefresh-audit"

  validation {
    condition     = var.audit_container == "" || can(regex("^[a-z0-9](-?[a-z0-9]){2,62}$", var.audit_container)) && var.audit_container != var.state_container
    error_message = "audit_container must be 3 to 63 lower-case letters, digits and single dashes, and not the state_container."
  }
}

variable "keep_days" {
  description = "Days that are kept: finished operations (archive), idempotency keys (requests), callbacks (callbacks), the audit trail (audit), the index of GET /api/operations (history)."
  type = object({
    archive   = optional(number, 400)
    requests  = optional(number, 38) # 30 days, as long as a status URL, after an operation of a week
    callbacks = optional(number, 30)
    audit     = optional(number, 400)
    history   = optional(number, 92)
  })
  default = {}

  validation {
    # An operation may take 168 h: what belongs to it must outlive it.
    condition     = alltrue([for n in values(var.keep_days) : n >= 14 && n <= 3650 && n == floor(n)])
    error_message = "keep_days: each must be a whole number from 14 to 3650 (an operation may take a week)."
  }
}

variable "lock_state" {
  description = "Put a CanNotDelete lock on the state's account. Deleting it voids every promise that the service has made."
  type        = bool
  default     = true
}

variable "min_tls_version" {
  description = "Least TLS version of the app: 1.2 or 1.3."
  type        = string
  default     = "1.2"

  validation {
    condition     = contains(["1.2", "1.3"], var.min_tls_version)
    error_message = "min_tls_version must be 1.2 or 1.3."
  }
}
