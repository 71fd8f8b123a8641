package machine

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func ticket(stream, number int) Ticket { return Ticket{fmt.Sprintf("%016x", stream), int64(number)} }

// What is added is in the set and nothing else, in whatever order it comes.
func TestTickets(t *testing.T) {
	t.Parallel()
	const most = 200
	for seed := range uint64(50) {
		dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable
		var set tickets
		in := map[Ticket]bool{}
		for range dice.IntN(2 * most) {
			one := ticket(dice.IntN(3), 1+dice.IntN(most))
			if !in[one] {
				set, in[one] = set.with(one), true
			}
		}
		for stream := range 4 {
			for number := range most + 2 {
				if one := ticket(stream, number); set.has(one) != in[one] {
					t.Fatalf("seed %d: %q has %v: got %v, want %v", seed, set, one, set.has(one), in[one])
				}
			}
		}
	}
}

// Ten thousand callers of a process take as much room as two, and a few hundred bytes if
// every fiftieth has another operation.
func TestTicketsInARowAreSmall(t *testing.T) {
	t.Parallel()
	var row, gaps tickets
	for n := 1; n <= 10_000; n++ {
		row = row.with(ticket(1, n))
		if n%50 != 0 {
			gaps = gaps.with(ticket(1, n))
		}
	}
	if len(row) > 24 || len(gaps) > 17+200*3 {
		t.Errorf("got %d and %d bytes, want at most 24 and 617", len(row), len(gaps))
	}
}

// What somebody else wrote into a document is no ticket, and does no harm.
func TestTicketsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, set := range []tickets{"=", "x", "0000000000000001", "0000000000000001=", "0000000000000001=!", "0000000000000001=AA",
		"0000000000000001=gICAgICAgICAgICAgIAB", "0000000000000001=____________________"} {
		if set.has(ticket(1, 1)) {
			t.Errorf("%q has a ticket", set)
		}
		if again := set.with(ticket(1, 1)); !again.has(ticket(1, 1)) {
			t.Errorf("%q takes no ticket: got %q", set, again)
		}
		if set.has(Ticket{}) {
			t.Errorf("%q has the zero ticket", set)
		}
	}
}

// One document takes more keys than one process has callers at once.
func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	q := &queue{NewState(testModel, "e")}
	for n := range 10_000 {
		var effects []Effect
		key := Key{Name: fmt.Sprintf("%032x", n), Payload: fmt.Sprintf("%032x", 1), Ticket: ticket(n%8, 1+n/8)}
		q.s, effects = DefaultRules().Next(q.s, Arrive{At: At(joinTime), Nonce: "n", Key: key, Ask: wholeModel()})
		if _, ok := effects[0].(Admit); !ok {
			t.Fatalf("key %d: got %+v, want it admitted", n, effects[0])
		}
	}
	if doc := mustEncode(t, q.s); len(doc) > 2<<10 {
		t.Errorf("got %d bytes for 10,000 keys of 8 processes, want at most 2 KiB", len(doc))
	}
}
