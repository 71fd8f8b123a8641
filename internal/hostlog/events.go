package hostlog

// EventKey is the attribute that names a line for alerts. A line that has it keeps
// its meaning and its attributes from version to version; the message and all other
// attributes are for people and may change.
const EventKey = "event"

// MetricKey is the attribute that names a line with a number to draw, which is its
// attribute value. A metric keeps its meaning as an event does; no alert waits for it.
const MetricKey = "metric"

// MetricSecretDays is in how many days the credential for Power BI ends, written with
// each read of Key Vault: at the start and at least every six hours.
const MetricSecretDays = "secret.days"

// The events. What the alert rules of infra/ may ask for is exactly what is listed
// here: tests hold the code, this catalogue and the rules together.
const (
	// EventProcessStarted: the process listens. The host starts it anew after each
	// crash, time-out and scale-out.
	EventProcessStarted = "process.started"
	// EventRefreshEnded: an operation has ended.
	EventRefreshEnded = "refresh.ended"
	// EventRefreshStuck: the sweep found a model whose next step is long overdue, or
	// an operation has not ended although its deadline is long over.
	EventRefreshStuck = "refresh.stuck"
	// EventSweepDone: a sweep has ended. Without one for several minutes, models that no
	// caller polls stand still.
	EventSweepDone = "sweep.done"
	// EventThrottled: Power BI answered 429, or a call was kept back because it had.
	EventThrottled = "powerbi.throttled"
	// EventSecretExpiring: the service principal's credential ends soon, or has ended.
	EventSecretExpiring = "secret.expiring"
	// EventCallbackAbandoned: a callback was given up; its receiver gets no result.
	EventCallbackAbandoned = "callback.abandoned"
	// EventScheduleLate: a slot of a schedule was started later than it should have been.
	EventScheduleLate = "schedule.late"
	// EventScheduleFailed: a slot of a schedule could not be started.
	EventScheduleFailed = "schedule.failed"
	// EventTimerRefused: a call of a timer's route did not come from the host: a client got
	// past the host's authorization, or a newer host calls its timers in another way.
	EventTimerRefused = "timer.refused"
)

// Event is what one line of the catalogue promises.
type Event struct {
	Name       string
	Attributes []string // always there, besides level and msg
	Sometimes  []string // there if there is something to say
}

// Events returns the catalogue. Times are RFC 3339, lengths whole seconds or days.
//
// Lines are written afterwards and at most once: if a process dies between a saved state
// and its line, the line is lost. The status document is authoritative, not the log.
func Events() []Event {
	return []Event{
		{EventProcessStarted, []string{"version"}, nil},
		{EventRefreshEnded, []string{"model", "operation", "id", "status", "seconds"}, []string{"code", "cause"}}, // status: Succeeded, Failed, Canceled
		{EventRefreshStuck, []string{"model", "seconds"}, []string{"operation", "id", "phase", "cause"}},
		{EventSweepDone, []string{"seen", "due", "failed", "complete"}, nil},
		{EventThrottled, []string{"model", "call"}, []string{"code", "retryAfter"}}, // call: refresh, look
		{EventSecretExpiring, []string{"days"}, []string{"expires", "version"}},     // below zero: it has expired
		{EventCallbackAbandoned, []string{"model", "host", "attempts", "answer"}, nil},
		{EventScheduleLate, []string{"schedule", "seconds"}, nil},
		{EventScheduleFailed, []string{"schedule"}, []string{"code", "cause"}},
		{EventTimerRefused, []string{"function", "reason"}, nil}, // reason: the header's name, code, or payload
	}
}
