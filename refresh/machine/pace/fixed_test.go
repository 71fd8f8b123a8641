package pace

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// law draws lengths of refreshes, as parts of some unit.
type law struct {
	name string
	draw func(*rand.Rand) float64
	most float64 // of the lag, compared with looks at fixed intervals
}

func laws() []law {
	around := func(spread float64) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 { return math.Exp(spread * r.NormFloat64()) }
	}
	return []law{
		{"nearly always the same", around(0.02), 1},
		{"a tenth more or less", around(0.1), 1},
		{"a third more or less", around(0.3), 1},
		{"anything from half to three halves", func(r *rand.Rand) float64 { return 0.5 + r.Float64() }, 1},
		{"every third four times as long", func(r *rand.Rand) float64 {
			if r.IntN(3) == 0 {
				return 4 * around(0.1)(r)
			}
			return around(0.1)(r)
		}, 1},
		{"every tenth fails at once", func(r *rand.Rand) float64 {
			if r.IntN(10) == 0 {
				return 0.003
			}
			return around(0.1)(r)
		}, 1},
		// No scale of their own: nothing to be gained, and not much to be lost.
		{"no memory", func(r *rand.Rand) float64 { return 0.01 + r.ExpFloat64() }, 1.25},
		{"tenfold more or less", around(1), 1.25},
	}
}

// compare returns the mean lag of our looks as a part of the mean lag of looks at a
// fixed interval that makes as many, over histories and refreshes of a law.
func compare(l law, unit, drift float64, histories int) float64 {
	r := rand.New(rand.NewPCG(1, 2))
	ours, fixed := 0., 0.
	for range histories {
		var past []time.Duration
		for len(past) < 6 {
			if x := l.draw(r); x > 0.005 { // what fails at once is not learnt from
				past = append(past, seconds(x*unit))
			}
		}
		ends := make([]float64, 300)
		for i := range ends {
			ends[i] = l.draw(r) * unit * drift
		}
		lag, looks := lags(Of(past), ends)
		ours += lag
		fixed += fixedLag(ends, looks)
	}
	return ours / fixed
}

// lags sums the lags and the looks of our policy over refreshes that end so.
func lags(e Experience, ends []float64) (lag float64, looks int) {
	at := []time.Duration{e.Wait(0, 0)}
	for _, end := range ends {
		i := 0
		for ; at[i].Seconds() < end; i++ {
			if i+1 == len(at) {
				at = append(at, at[i]+e.Wait(at[i], i+1))
			}
		}
		lag, looks = lag+at[i].Seconds()-end, looks+i+1
	}
	return lag, looks
}

// fixedLag is the lag of looks at the interval that makes as many looks.
func fixedLag(ends []float64, looks int) float64 {
	low, high := 1e-6, 1e6
	for range 60 {
		middle, n := (low+high)/2, 0.
		for _, end := range ends {
			n += math.Ceil(end / middle)
		}
		if n > float64(looks) {
			low = middle
		} else {
			high = middle
		}
	}
	lag := 0.
	for _, end := range ends {
		lag += math.Ceil(end/high)*high - end
	}
	return lag
}

// With as many looks at fixed intervals the lag is never less, where lengths have a
// scale, and hardly ever if refreshes have become slower by a third overnight.
func TestNeverWorse(t *testing.T) {
	t.Parallel()
	for _, l := range laws() {
		for _, unit := range []float64{20, 300, 1800} {
			for _, drift := range []float64{1, 1.3} {
				if ratio := compare(l, unit, drift, 12); ratio > l.most*(1+(drift-1)/3) {
					t.Errorf("%s, %v s, drift %v: %.2f of the lag of fixed intervals", l.name, unit, drift, ratio)
				}
			}
		}
	}
}

// BenchmarkLag prints the lag as a part of that of looks at fixed intervals.
func BenchmarkLag(b *testing.B) {
	for _, l := range laws() {
		b.Run(l.name, func(b *testing.B) {
			ratio := 0.
			for b.Loop() {
				ratio = compare(l, 600, 1, 12)
			}
			b.ReportMetric(ratio, "lag/fixed")
		})
	}
}

func BenchmarkWait(b *testing.B) {
	e := Of([]time.Duration{time.Minute, 2 * time.Minute, 65 * time.Second, 90 * time.Second, 50 * time.Second, 70 * time.Second})
	for b.Loop() {
		_ = e.Wait(40*time.Second, 3)
	}
}
