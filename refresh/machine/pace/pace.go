package pace

import (
	"math"
	"slices"
	"time"
)

// Bounds of the wait between two looks.
const (
	Floor   = time.Second
	Cap     = 30 * time.Second // without experience
	LongCap = 5 * time.Minute  // with it

	early = 15 * time.Second // the first look is not later than that
	price = 1. / 400         // of a look: as bad as a lag of so much of the usual duration
)

// Kernel widths, in logarithms: a quarter more or less is exp(±0.22).
const (
	doubt    = 0.2  // the spread that is assumed before there is experience
	narrow   = 0.04 // refreshes that took the same do not take exactly the same
	wide     = 0.9  // of the kernel for what is like nothing before
	novelty  = 0.05 // the weight of that kernel
	logistic = math.Pi / 1.7320508075688772
)

// Experience is what earlier refreshes show about how long the next one takes: a
// mixture with a log-logistic kernel around each, and a wide one for what is like
// nothing before. The zero value knows nothing.
type Experience struct {
	lengths []float64 // seconds, sorted
	kernels []kernel
}

// kernel is one part of the mixture: survival is 1/(1+(t/e^middle)^steep).
type kernel struct{ weight, middle, steep float64 }

// Of returns the experience with refreshes that took so long. What is not positive is
// left out.
func Of(lengths []time.Duration) Experience {
	var e Experience
	for _, d := range lengths {
		if d > 0 {
			e.lengths = append(e.lengths, d.Seconds())
		}
	}
	if e.None() {
		return Experience{}
	}
	slices.Sort(e.lengths)
	steep := logistic / width(e.lengths)
	for _, m := range e.lengths {
		e.kernels = append(e.kernels, kernel{(1 - novelty) / float64(len(e.lengths)), math.Log(m), steep})
	}
	e.kernels = append(e.kernels, kernel{novelty, math.Log(e.usual()), logistic / wide})
	return e
}

// width is the kernels' standard deviation in logarithms: the rule of thumb for a
// smooth density (Silverman), with a doubt that fades as experience grows.
func width(lengths []float64) float64 {
	n := float64(len(lengths))
	mean, squares := 0., doubt*doubt
	for _, x := range lengths {
		mean += math.Log(x) / n
	}
	for _, x := range lengths {
		squares += (math.Log(x) - mean) * (math.Log(x) - mean)
	}
	return max(narrow, 1.06*math.Sqrt(squares/n)*math.Pow(n, -0.2))
}

// None reports whether nothing is known.
func (e Experience) None() bool { return len(e.lengths) == 0 }

// usual is the median length.
func (e Experience) usual() float64 { return e.lengths[len(e.lengths)/2] }

// at returns the share of refreshes that still run after t seconds, and how fast it
// falls there.
func (e Experience) at(t float64) (survival, density float64) {
	t = max(t, 1e-3)
	now := math.Log(t)
	for _, k := range e.kernels {
		s := 1 / (1 + math.Exp(k.steep*(now-k.middle)))
		survival += k.weight * s
		density += k.weight * k.steep / t * s * (1 - s)
	}
	return survival, density
}

// looks is how many looks are worth it between two times.
func (e Experience) looks(from, to float64) float64 {
	const steps = 40
	step, sum := (to-from)/steps, 0.
	for i := range steps {
		survival, density := e.at(from + step*(float64(i)+0.5))
		sum += math.Sqrt(density/survival/(2*price*e.usual())) * step
	}
	return sum
}

// Wait is how long to wait before the next look at a refresh that still ran after so
// long and has been looked at so often.
func (e Experience) Wait(elapsed time.Duration, looks int) time.Duration {
	elapsed = max(0, elapsed)
	if e.None() {
		return clamp(elapsed/4, Floor, Cap)
	}
	usual := seconds(e.usual())
	if looks == 0 {
		return clamp(usual/10, 2*Floor, early)
	}
	// Not more than a fraction at once, so that no narrow peak is stepped over.
	from := elapsed.Seconds()
	low, high := 0., min(LongCap, max(Floor, max(usual, elapsed)/2)).Seconds()
	for range 16 {
		if middle := (low + high) / 2; e.looks(from, from+middle) < 1 {
			low = middle
		} else {
			high = middle
		}
	}
	return clamp(seconds(high), Floor, LongCap)
}

// Percent is how much of the work a refresh that runs for so long has behind it, going
// by the earlier ones: 0 to 99, never falling while it runs. Without experience -1.
func (e Experience) Percent(elapsed time.Duration) int {
	if e.None() {
		return -1
	}
	done := 0.
	for _, m := range e.lengths {
		done += min(1, max(0, elapsed.Seconds())/m)
	}
	return int(min(99, 100*done/float64(len(e.lengths))))
}

// Length is how long a refresh takes in all that still runs after so long: as likely
// less as more. It is more than elapsed, and never falls. Without experience 0.
func (e Experience) Length(elapsed time.Duration) time.Duration {
	if e.None() {
		return 0
	}
	t := max(0, elapsed).Seconds()
	survival, _ := e.at(t)
	low, high := t, max(t, e.lengths[len(e.lengths)-1])*2
	for range 50 {
		if middle := (low + high) / 2; e.left(middle) > survival/2 {
			low = middle
		} else {
			high = middle
		}
	}
	return max(seconds(high), elapsed+Floor)
}

func (e Experience) left(t float64) float64 { s, _ := e.at(t); return s }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func clamp(d, low, high time.Duration) time.Duration { return max(low, min(d, high)) }
