package refresh

import (
	"cmp"
	"time"
)

// How often Power BI is looked at.
const (
	paceFloor     = time.Second
	paceCap       = 30 * time.Second
	sparseCap     = 5 * time.Minute // while the end is not to be expected yet
	cancelRecheck = 2 * time.Second
)

// nextLook is how long to wait before the next look at the attempt: until it is worth
// one, or until a deadline has passed that only a look can confirm.
func (m *machine) nextLook(a *Attempt) time.Duration {
	wait := m.pace(a)
	m.eachServed(func(op *Operation) {
		if m.now.Before(op.Deadline) {
			wait = clamp(op.Deadline.Sub(m.now), paceFloor, wait)
		}
	})
	return wait
}

// pace is how long to wait before a look at the attempt is worth it.
func (m *machine) pace(a *Attempt) time.Duration {
	switch {
	case a.Stage == StageSettling, a.Stage == StageRunning && a.Looks > 1 && !a.Seen:
		return settlePace(m.SettleWindow)
	case a.Stage == StageCancelling:
		return max(cancelRecheck, lookAgain(a.Looks-1))
	}
	expected, _ := m.expected(a.Shape.Key())
	return pace(m.now.Sub(a.Accepted), expected, a.Looks)
}

// pace is how long to wait before the next look at a refresh that has been
// running for so long and, if expected is not zero, usually takes that long.
//
// Looks belong where the end is likely. Without experience the interval grows
// with the age, which keeps the lag below a quarter of the duration. With it,
// there is one early look for refreshes that fail at once, none until shortly
// before the expected end, and then looks a twentieth of the duration apart.
func pace(elapsed, expected time.Duration, looks int) time.Duration {
	early := max(2*paceFloor, min(expected/10, 15*time.Second))
	switch {
	case expected == 0:
		return clamp(elapsed/4, paceFloor, paceCap)
	case looks == 0:
		return early
	case elapsed < expected*8/10:
		return clamp(expected*17/20-elapsed, paceFloor, sparseCap)
	case elapsed < expected*5/4:
		return clamp(expected/20, paceFloor, paceCap)
	default:
		return clamp((elapsed-expected)/4, paceFloor, paceCap)
	}
}

// lookAgain is the wait after a look that failed.
func lookAgain(looks int) time.Duration {
	return min(2*time.Second<<clamp(looks, 0, 5), time.Minute)
}

// settlePace spreads the reads that settle an outcome over the window.
func settlePace(window time.Duration) time.Duration {
	return clamp(window/6, paceFloor, paceCap)
}

func clamp[T cmp.Ordered](d, low, high T) T { return max(low, min(d, high)) }
