package simulation

// expected lists what a full run must have exercised: a fault, a phase or an answer
// that stops happening is a hole in the simulation, and fails the run.
func expected() []string {
	var list []string
	cross := func(prefix, sep string, ones, others []string) {
		for _, one := range ones {
			for _, other := range others {
				list = append(list, prefix+one+sep+other)
			}
		}
	}
	cross("phase new", " -> ", []string{""}, []string{"queued", "blocked", "starting"})
	cross("phase queued", " -> ", []string{""}, []string{"blocked", "starting", "cancelled", "failed"})
	cross("phase blocked", " -> ", []string{""}, []string{"starting", "cancelled", "failed"})
	cross("phase starting", " -> ", []string{""}, []string{"running", "blocked", "settling", "failed"})
	cross("phase running", " -> ", []string{""}, []string{"succeeded", "retrying", "cancelling", "failed"})
	cross("phase settling", " -> ", []string{""}, []string{"running", "succeeded", "retrying", "cancelled", "failed"})
	cross("phase ", " -> ", []string{"retrying"}, []string{"starting"})
	cross("phase ", " -> ", []string{"cancelling"}, []string{"cancelled"})
	cross("try ", "", []string{""}, []string{"pending", "completed", "failed", "cancelled", "refused", "dropped", "unknown", "adopted"})

	cross("store ", ": ", []string{"read", "acquire", "write", "release", "list"}, []string{"outage", "lost", "refused", "landed", "late", "slow"})
	cross("wire ", ": ", []string{"get", "post"}, []string{"landed", "late", "slow"})
	cross("crash ", " store ", []string{"before", "after"}, []string{"read", "acquire", "write", "release", "list"})
	cross("crash ", " wire ", []string{"before", "after"}, []string{"get", "post"})
	cross("powerbi ", ": ", []string{"history", "detail", "token", "workspace"}, []string{"cut-before", "error-before", "error-after", "html-error"})
	cross("powerbi start", ": ", []string{""}, []string{
		"cut-after", "error-after", "busy-400", "busy-409", "bare-400", "quota", "redirect", "unexpected-200", "400", "403", "429",
	})
	cross("knob ", " ids", []string{"late", "vanishing", "renumbered"}, []string{""})
	cross("outcome ", "", []string{"dropped", "stuck", "unknown-word", "partial", "cancelled", "disabled"}, []string{""})
	cross("foreign ", "", []string{"Scheduled", "OnDemand", "ViaXmlaEndpoint", "ViaApi", "ViaEnhancedApi"}, []string{""})
	list = append(list, "pause", "pause longer than the lease", "metadata wiped", "token refused: 401", "sweep found work", "archived", "refresh deleted")

	cross("trigger ", "", []string{"queue", "join", "reject", "unavailable", "cut off", "refused RefreshInProgress"}, []string{""})
	cross("cancel ", "", []string{"admitted force=false", "admitted force=true", "refused OperationFinished", "refused CancelNotSupported"}, []string{""})
	cross("told Failed ", "", []string{
		"RefreshFailed", "RefreshTimeout", "QueueTimeout", "RefreshDropped", "OutcomeUnknown", "DailyLimitExceeded", "EnhancedNotSupported", "BadRequest",
	}, []string{""})
	return append(list, "told Succeeded ", "told Canceled OperationCanceled")
}
