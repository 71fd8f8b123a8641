package refresh

import (
	"testing"
	"time"
)

// durations are lengths of refreshes, from a blink to more than a day.
func durations() []time.Duration {
	var list []time.Duration
	for d := 100 * time.Millisecond; d < 30*time.Hour; d = d*13/10 + 7*time.Millisecond {
		list = append(list, d)
	}
	return list
}

// watched looks at a refresh of that length until it has ended. It returns how many
// looks that took, and how long after the end the last one was.
func watched(length, expected time.Duration) (looks int, lag time.Duration) {
	at := pace(0, expected, 0)
	for looks = 1; at < length; looks++ {
		at += pace(at, expected, looks)
	}
	return looks, at - length
}

func TestPaceIsBounded(t *testing.T) {
	t.Parallel()
	for _, expected := range append(durations(), 0) {
		for _, elapsed := range append(durations(), 0, -time.Second, -time.Hour) {
			for _, looks := range []int{0, 1, 2, 50, 10000} {
				got, highest := pace(elapsed, expected, looks), paceCap
				if expected > 0 && elapsed < expected*8/10 {
					highest = sparseCap
				}
				if got < paceFloor || got > highest {
					t.Fatalf("pace(%v, %v, %d) is %v, want %v to %v", elapsed, expected, looks, got, paceFloor, highest)
				}
			}
		}
	}
}

// Without experience the lag is below a quarter of the duration, or below the
// floor, and never above the cap.
func TestPaceWithoutHistory(t *testing.T) {
	t.Parallel()
	for _, length := range durations() {
		looks, lag := watched(length, 0)
		if lag > max(paceFloor, length/4) || lag > paceCap {
			t.Errorf("a refresh of %v is found to have ended %v later", length, lag)
		}
		// Growing by a quarter: 1 s becomes 2 min in 25 steps or so, and then the cap.
		if most := 30 + int(length/paceCap); looks > most {
			t.Errorf("%d looks at a refresh of %v, want at most %d", looks, length, most)
		}
	}
}

// With experience that fits, the end is found early and with few looks.
func TestPaceWithHistory(t *testing.T) {
	t.Parallel()
	for _, expected := range durations() {
		for _, percent := range []time.Duration{86, 95, 100, 105, 120} {
			length := expected * percent / 100
			looks, lag := watched(length, expected)
			if longest := max(2*paceFloor, length/15); lag > min(longest, paceCap) {
				t.Errorf("%d %% of %v: found to have ended %v later, want at most %v", percent, expected, lag, min(longest, paceCap))
			}
			// One at the beginning, the sparse ones, and then every twentieth or every 30 s.
			if most := 12 + int(expected/sparseCap) + int(expected*4/10/paceCap); looks > most {
				t.Errorf("%d looks at %d %% of %v, want at most %d", looks, percent, expected, most)
			}
		}
	}
}

// A refresh that fails at once, although it usually takes an hour, is found soon.
func TestPaceOfAnEarlyFailure(t *testing.T) {
	t.Parallel()
	for _, expected := range durations() {
		if looks, lag := watched(500*time.Millisecond, expected); looks != 1 || lag > 15*time.Second {
			t.Errorf("expected %v: %d looks, %v late", expected, looks, lag)
		}
	}
}

// A refresh that takes much longer than ever is still found within a quarter of
// what it took more, or the cap.
func TestPaceOfALateEnd(t *testing.T) {
	t.Parallel()
	for _, expected := range durations() {
		length := 3 * expected
		looks, lag := watched(length, expected)
		if lag > max(2*paceFloor, length/4) || lag > paceCap {
			t.Errorf("%v instead of %v: found %v late", length, expected, lag)
		}
		if most := 45 + int(expected/sparseCap) + int(length/paceCap); looks > most {
			t.Errorf("%d looks at %v instead of %v", looks, length, expected)
		}
	}
}

func TestPaceByStage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	shape := Shape{Kind: Auto}
	for _, tc := range []struct {
		name    string
		attempt Attempt
		want    time.Duration
	}{
		{"settling", Attempt{Stage: StageSettling}, 30 * time.Second},
		{"accepted, and not to be seen", Attempt{Stage: StageRunning, Looks: 2}, 30 * time.Second},
		{"accepted just now", Attempt{Stage: StageRunning, Looks: 1, Accepted: now.Add(-8 * time.Second)}, 2 * time.Second},
		{"running, seen", Attempt{Stage: StageRunning, Looks: 2, Seen: true, Accepted: now.Add(-40 * time.Second)}, 10 * time.Second},
		{"being cancelled", Attempt{Stage: StageCancelling, Accepted: now.Add(-time.Hour)}, cancelRecheck},
		{"being cancelled for long", Attempt{Stage: StageCancelling, Looks: 8, Accepted: now.Add(-time.Hour)}, time.Minute},
	} {
		m := machine{Rules: Rules{SettleWindow: 5 * time.Minute}, now: now}
		tc.attempt.Shape = shape
		if got := m.pace(&tc.attempt); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	m := machine{State: State{Durations: []Duration{{Shape: shape.Key(), Length: 100 * time.Minute}}}, now: now}
	a := Attempt{Stage: StageRunning, Looks: 3, Seen: true, Shape: shape, Accepted: now.Add(-83 * time.Minute)}
	if got := m.pace(&a); got != paceCap {
		t.Errorf("near the usual end: %v", got)
	}
	if a.Accepted = now.Add(-81 * time.Minute); m.pace(&a) != paceCap {
		t.Errorf("near the usual end: %v", m.pace(&a))
	}
	if a.Accepted = now.Add(-30 * time.Minute); m.pace(&a) != sparseCap {
		t.Errorf("far from the usual end: %v", m.pace(&a))
	}
}

func TestLookAgainBacksOff(t *testing.T) {
	t.Parallel()
	want := []time.Duration{2, 4, 8, 16, 32, 60, 60, 60}
	for looks, seconds := range want {
		if got := lookAgain(looks); got != seconds*time.Second {
			t.Errorf("after %d looks: %v, want %v", looks, got, seconds*time.Second)
		}
	}
	if got := lookAgain(1 << 30); got != time.Minute {
		t.Errorf("after very many: %v", got)
	}
}

func TestSettlePace(t *testing.T) {
	t.Parallel()
	for window, want := range map[time.Duration]time.Duration{
		0: paceFloor, time.Second: paceFloor, 30 * time.Second: 5 * time.Second, 3 * time.Minute: paceCap, time.Hour: paceCap,
	} {
		if got := settlePace(window); got != want {
			t.Errorf("window %v: %v, want %v", window, got, want)
		}
	}
}
