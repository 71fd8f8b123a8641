package machine

import (
	"cmp"
	"slices"
	"time"

	"pbirefresh/refresh/machine/pace"
)

// How often Power BI is looked at where package pace does not decide.
const (
	paceFloor     = pace.Floor
	paceCap       = pace.Cap
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
	return m.experience(a.Shape.Key()).Wait(m.now.Sub(a.Accepted), a.Looks)
}

// experience is drawn from the model's recent refreshes of that shape.
func (s *State) experience(key string) pace.Experience {
	var lengths []time.Duration
	for _, d := range s.Durations {
		if d.Shape == key {
			lengths = append(lengths, d.Length)
		}
	}
	return pace.Of(lengths)
}

// learn remembers how long a refresh took: a few for each of the shapes that were
// refreshed most recently, so that a frequent one does not drive the others out.
func (s *State) learn(key string, length time.Duration) {
	if length <= 0 {
		return
	}
	s.Durations = append(s.Durations, Duration{Shape: key, Length: length})
	s.forget(func(d Duration) bool { return d.Shape == key }, keepOfShape)
	var shapes []string // latest first
	for _, d := range slices.Backward(s.Durations) {
		if !slices.Contains(shapes, d.Shape) {
			shapes = append(shapes, d.Shape)
		}
	}
	for _, old := range shapes[min(len(shapes), keepShapes):] {
		s.forget(func(d Duration) bool { return d.Shape == old }, 0)
	}
}

// forget drops the oldest durations that match, until keep are left of them.
func (s *State) forget(match func(Duration) bool, keep int) {
	var kept []Duration
	for _, d := range slices.Backward(s.Durations) {
		if !match(d) || keep > 0 {
			kept = append(kept, d)
		}
		if match(d) {
			keep--
		}
	}
	slices.Reverse(kept)
	s.Durations = kept
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

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
