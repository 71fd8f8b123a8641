# The alert rules, as data; docs/runbook.md has a section for each. Each rule asks for one event of the catalogue in
# internal/hostlog/events.go, and for attributes that are promised there: the tests of
# test/infra hold these queries to lines that the program wrote.
#
# The host makes each line of the program's console one trace of the category
# Host.Function.Console, and the line is one JSON object (internal/hostlog).
locals {
  lines = "traces | where customDimensions.Category == \"Host.Function.Console\" | extend line = parse_json(message)"

  rules = {
    failed = {
      severity    = 2
      description = "Refreshes of a model failed. error.code and error.message of the status document say why and what to do."
      query       = "where tostring(line.event) == \"refresh.ended\" and tostring(line.status) == \"Failed\" | extend model = tostring(line.model), code = tostring(line.code), id = tostring(line.id) | project timestamp, model, code, id"
      by          = ["model", "code"]
      at_least    = var.failed_refreshes
      minutes     = 60
    }
    stuck = {
      severity    = 1
      description = "A model does not move forward although its time has come, or an operation has not ended long after its deadline. Look at health/ready, and at Power BI's refresh history."
      query       = "where tostring(line.event) == \"refresh.stuck\" | extend model = tostring(line.model), id = tostring(line.id) | project timestamp, model, id"
      by          = ["model"]
      at_least    = 2
      minutes     = 30
    }
    secret = {
      severity    = 2
      description = "The service principal's credential ends soon: make a new one and put it into the vault (docs/deploy.md)."
      query       = "where tostring(line.event) == \"secret.expiring\" | extend days = toint(line.days) | project timestamp, days"
      by          = []
      at_least    = 1
      minutes     = 1440
    }
    sweep = {
      severity    = 1
      description = "The sweep does not run: operations that no caller polls do not move forward. Is SWEEP_SCHEDULE set, the app running, its storage reachable?"
      query       = "where tostring(line.event) == \"sweep.done\" | project timestamp"
      by          = []
      at_least    = 0 # no line at all raises the alert
      minutes     = 15
    }
    schedule_late = {
      severity    = 3
      description = "A schedule's slot was started late."
      query       = "where tostring(line.event) == \"schedule.late\" | extend schedule = tostring(line.schedule), seconds = toint(line.seconds) | where seconds >= 300 | project timestamp, schedule, seconds"
      by          = ["schedule"]
      at_least    = 1
      minutes     = 60
    }
    schedule_failed = {
      severity    = 2
      description = "A schedule's slot could not be started."
      query       = "where tostring(line.event) == \"schedule.failed\" | extend schedule = tostring(line.schedule) | project timestamp, schedule"
      by          = ["schedule"]
      at_least    = 1
      minutes     = 60
    }
    throttled = {
      severity    = 3
      description = "Power BI keeps refusing calls with 429. Refreshes wait; fewer at a time, or a larger capacity, would help."
      query       = "where tostring(line.event) == \"powerbi.throttled\" | extend model = tostring(line.model) | project timestamp, model"
      by          = []
      at_least    = 20
      minutes     = 30
    }
    callbacks = {
      severity    = 2
      description = "A caller that asked to be called back was not reached for a day, or refused: its pipeline waits until its own time-out."
      query       = "where tostring(line.event) == \"callback.abandoned\" | extend model = tostring(line.model), host = tostring(line.host) | project timestamp, model, host"
      by          = ["model", "host"]
      at_least    = 1
      minutes     = 60
    }
    restarts = {
      severity    = 2
      description = "The program starts again and again on one instance. The third crash within 30 minutes stops the Functions host."
      query       = "where tostring(line.event) == \"process.started\" | project timestamp, cloud_RoleInstance"
      by          = ["cloud_RoleInstance"]
      at_least    = 3
      minutes     = 30
    }
    timer_refused = {
      severity    = 1
      description = "A call of a timer's route did not come from the host and was refused. A client got past the host's authorization, or a newer host calls its timers differently."
      query       = "where tostring(line.event) == \"timer.refused\" | extend function = tostring(line.function), reason = tostring(line.reason) | project timestamp, function, reason"
      by          = ["function", "reason"]
      at_least    = 1
      minutes     = 30
    }
  }
}
