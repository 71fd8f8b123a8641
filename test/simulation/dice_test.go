package simulation

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// dice is a stream of chance that belongs to one actor. Streams are apart, so that
// what one actor draws does not depend on who else drew before.
type dice struct{ *rand.Rand }

func newDice(seed uint64, actor string) dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(actor)) // never fails
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

// between is a duration from least to most, to the nanosecond: two actors hardly
// ever act in the same instant.
func (d dice) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(d.Int64N(int64(most-least)))
}

func pick[T any](d dice, list ...T) T { return list[d.IntN(len(list))] }
