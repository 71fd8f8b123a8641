package machine

import "time"

// Rules are the times that the machine decides by. They are part of no state:
// every process may have its own, and safety does not depend on their agreeing.
type Rules struct {
	SendWithin   time.Duration // a POST leaves at most this long after its intent, or not at all
	PostLimit    time.Duration // the sender waits this long for the answer: a capacity that wakes took 100 s (seen)
	SettleWindow time.Duration // of quiet reads, before an unknown outcome counts as "not there"
}

// DefaultRules returns the rules that the settings start from.
func DefaultRules() Rules {
	return Rules{SendWithin: 10 * time.Second, PostLimit: 150 * time.Second, SettleWindow: 5 * time.Minute}
}
