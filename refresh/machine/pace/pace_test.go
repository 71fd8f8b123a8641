package pace

import (
	"testing"
	"time"
)

// lengths of refreshes, from a blink to more than a day.
func lengths() []time.Duration {
	var list []time.Duration
	for d := 100 * time.Millisecond; d < 30*time.Hour; d = d*21/10 + 7*time.Millisecond {
		list = append(list, d)
	}
	return list
}

func always(d time.Duration) Experience { return Of([]time.Duration{d, d, d, d, d, d}) }

// looked looks at a refresh of that length until it has ended. It returns how many
// looks that took, and how long after the end the last one was.
func looked(e Experience, length time.Duration) (looks int, lag time.Duration) {
	at := e.Wait(0, 0)
	for looks = 1; at < length; looks++ {
		at += e.Wait(at, looks)
	}
	return looks, at - length
}

func TestWaitIsBounded(t *testing.T) {
	t.Parallel()
	mixed := Of([]time.Duration{time.Second, time.Minute, 20 * time.Hour})
	for _, e := range []Experience{{}, Of(nil), always(time.Millisecond), always(time.Minute), always(30 * time.Hour), mixed} {
		for _, elapsed := range append(lengths(), 0, -time.Second, 1000*time.Hour) {
			for _, looks := range []int{0, 1, 2, 10000} {
				most := LongCap
				if e.None() {
					most = Cap
				}
				if got := e.Wait(elapsed, looks); got < Floor || got > most {
					t.Fatalf("%v: after %v and %d looks %v, want %v to %v", e, elapsed, looks, got, Floor, most)
				}
			}
		}
	}
}

// What is not positive is no experience.
func TestOfNothing(t *testing.T) {
	t.Parallel()
	if e := Of([]time.Duration{0, -time.Second}); !e.None() || e.Percent(time.Hour) != -1 || e.Length(time.Hour) != 0 {
		t.Errorf("%+v", e)
	}
	if Of([]time.Duration{0, 1}).None() {
		t.Error("one nanosecond is something")
	}
}

// Without experience the lag is below a quarter of the length, or below the floor,
// and never above the cap.
func TestWithoutExperience(t *testing.T) {
	t.Parallel()
	for _, length := range lengths() {
		looks, lag := looked(Experience{}, length)
		if lag > max(Floor, length/4) || lag > Cap {
			t.Errorf("a refresh of %v is found to have ended %v later", length, lag)
		}
		if most := 30 + int(length/Cap); looks > most {
			t.Errorf("%d looks at a refresh of %v, want at most %d", looks, length, most)
		}
	}
}

// With experience that fits, the end is found early and with few looks.
func TestWithExperience(t *testing.T) {
	t.Parallel()
	for _, usual := range lengths() {
		for _, percent := range []time.Duration{86, 95, 100, 105, 120} {
			length := usual * percent / 100
			looks, lag := looked(always(usual), length)
			if most := min(max(2*Floor, length/12), LongCap); lag > most {
				t.Errorf("%d %% of %v: found to have ended %v later, want at most %v", percent, usual, lag, most)
			}
			if most := 22 + int(length/LongCap); looks > most {
				t.Errorf("%d looks at %d %% of %v, want at most %d", looks, percent, usual, most)
			}
		}
	}
}

// A refresh that fails at once, although it usually takes an hour, is found soon.
func TestEarlyFailure(t *testing.T) {
	t.Parallel()
	for _, usual := range lengths() {
		if looks, lag := looked(always(usual), 500*time.Millisecond); looks != 1 || lag > early {
			t.Errorf("usually %v: %d looks, %v late", usual, looks, lag)
		}
	}
}

// The longer a refresh takes beyond all experience, the longer are the intervals, and
// it is still found without much delay.
func TestLateEnd(t *testing.T) {
	t.Parallel()
	for _, usual := range lengths() {
		e := always(usual)
		length := 3 * usual
		if looks, lag := looked(e, length); lag > max(2*Floor, length/8) || lag > LongCap || looks > 50+int(length/LongCap) {
			t.Errorf("%v instead of %v: found %v late with %d looks", length, usual, lag, looks)
		}
		if a, b := e.Wait(2*usual, 9), e.Wait(8*usual, 99); b < a {
			t.Errorf("usually %v: intervals of %v at twice, of %v at eight times the length", usual, a, b)
		}
	}
}

// What callers see never goes back while a refresh runs.
func TestWhatCallersAreToldIsMonotone(t *testing.T) {
	t.Parallel()
	for _, e := range []Experience{
		always(time.Second), always(time.Hour), Of([]time.Duration{time.Minute}),
		Of([]time.Duration{time.Second, time.Minute, 10 * time.Hour}),
		Of([]time.Duration{5 * time.Minute, 6 * time.Minute, 7 * time.Minute, time.Hour}),
	} {
		percent, end := 0, time.Duration(0)
		for elapsed := time.Duration(0); elapsed < 40*time.Hour; elapsed += elapsed/20 + 100*time.Millisecond {
			p, l := e.Percent(elapsed), e.Length(elapsed)
			if p < percent || p > 99 {
				t.Fatalf("%v: %d %% after %d %%", elapsed, p, percent)
			}
			if l <= elapsed || l < end-time.Millisecond {
				t.Fatalf("%v: %v in all, after %v was told", elapsed, l, end)
			}
			percent, end = p, l
		}
		if percent != 99 {
			t.Errorf("%d %% after very long", percent)
		}
	}
	if p := always(time.Hour).Percent(-time.Minute); p != 0 {
		t.Errorf("%d %% before it began", p)
	}
}

func TestLengthAndPercentOfTheUsual(t *testing.T) {
	t.Parallel()
	e := always(100 * time.Minute)
	if p := e.Percent(40 * time.Minute); p != 40 {
		t.Errorf("%d %%", p)
	}
	if l := e.Length(0); l < 99*time.Minute || l > 101*time.Minute {
		t.Errorf("%v", l)
	}
	// Two kinds of days: once the short one is over, the long one is what is left.
	e = Of([]time.Duration{10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 60 * time.Minute})
	if l := e.Length(0); l > 15*time.Minute {
		t.Errorf("at the beginning: %v", l)
	}
	if l := e.Length(40 * time.Minute); l < 50*time.Minute || l > 90*time.Minute {
		t.Errorf("when the short ones are over: %v", l)
	}
}
