package simulation

// sabotage is a deliberate bug in the world around the coordinators, to see the
// oracle notice what it leads to.
type sabotage string

const (
	honest   sabotage = ""
	unfenced sabotage = "a store that ignores lease and version"
	eager    sabotage = "a client that posts again when the answer was lost"
	rude     sabotage = "a client that deletes another tool's refresh"
	hopeful  sabotage = "a client that takes failed refreshes for completed"
	blind    sabotage = "a client that takes a failed look for an empty history"
	careless sabotage = "processes that settle at once"
	asleep   sabotage = "documents that hide from the sweep"
	late     sabotage = "documents that hide from the sweep for an hour"
	muddled  sabotage = "an archive that has something else"
)
