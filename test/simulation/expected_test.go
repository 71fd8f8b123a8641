package simulation

// expected lists what a run must have exercised, besides the transitions (must): a
// fault or an answer that stops happening is a hole in the simulation, and fails it.
func expected() []string {
	var list []string
	cross := func(prefix, sep string, ones, others []string) {
		for _, one := range ones {
			for _, other := range others {
				list = append(list, prefix+one+sep+other)
			}
		}
	}
	cross("try ", "", []string{""}, []string{"pending", "completed", "failed", "cancelled", "refused", "dropped", "unknown", "adopted", "merged"})
	list = append(list, "served in parts", "objects committed by a refresh that failed", "objects committed by a merged refresh that failed")

	list = append(list, "try adopted by its details", "try adopted by its own id", "try adopted by an id in an answer", "rival of the same shape",
		"POST accepted while reads are throttled", "read while POSTs are throttled", "told to wait")
	list = append(list, "watched attempt came back by its id", "watched attempt came back without a name", "intent beside a watched attempt")

	cross("store ", ": ", []string{"read", "acquire", "write", "release", "list"}, []string{"outage", "lost", "refused", "landed", "late", "slow"})
	cross("wire ", ": ", []string{"get", "post"}, []string{"landed", "late", "slow"})
	cross("crash ", " store ", []string{"before", "after"}, []string{"read", "acquire", "write", "release", "list"})
	cross("crash ", " wire ", []string{"before", "after"}, []string{"get", "post"})
	cross("powerbi ", ": ", []string{"history", "detail", "token", "workspace"}, []string{"cut-before", "error-before", "error-after", "html-error"})
	cross("powerbi start", ": ", []string{""}, []string{
		"cut-after", "error-after", "error-after-named", "waking", "busy-400", "busy-409", "bare-400", "quota", "redirect", "unexpected-200", "400", "403", "429",
	})
	cross("knob ", " ids", []string{"late", "vanishing", "renumbered"}, []string{""})
	cross("outcome ", "", []string{"dropped", "stuck", "unknown-word", "partial", "cancelled", "disabled"}, []string{""})
	cross("foreign ", "", []string{"Scheduled", "OnDemand", "ViaXmlaEndpoint", "ViaApi", "ViaEnhancedApi"}, []string{""})
	list = append(list, "pause", "pause longer than the lease", "metadata wiped", "document deleted", "late answer revived its attempt", "attempt settled", "key again: the same operation",
		"merged attempt", "merged attempt failed: rerun singly", "token refused: 401", "sweep found work", "archived", "refresh deleted")

	cross("trigger ", "", []string{"queue", "join", "reject", "unavailable", "cut off", "refused RefreshInProgress", "refused IdempotencyKeyReused"}, []string{""})
	cross("cancel ", "", []string{"admitted force=false", "admitted force=true", "refused OperationFinished", "refused CancelNotSupported"}, []string{""})
	cross("told Failed ", "", []string{
		"RefreshFailed", "RefreshTimeout", "QueueTimeout", "RefreshDropped", "OutcomeUnknown", "DailyLimitExceeded", "EnhancedNotSupported", "BadRequest",
	}, []string{""})
	cross("", " clock jumps ", []string{"storage", "power bi"}, []string{"forward", "back"})
	cross("wall clock jumps ", "", []string{""}, []string{"in a section", "before a POST"})
	cross("id of a deleted document: ", "", []string{""}, []string{"not found", "Succeeded", "Failed"})
	return append(list, "told Succeeded ", "told Canceled OperationCanceled")
}
