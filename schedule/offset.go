package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"pbirefresh/refresh/machine"
)

// Start is when a slot of a model is to be started: the slot, moved by the entry's
// spread (the same for all slots of a model) and jitter (another for each slot). Both
// are drawn from what they belong to, so that every process draws the same.
func (e *Entry) Start(m machine.Model, slot time.Time) time.Time {
	return slot.Add(draw(e.Spread, "spread", e.Name, m.String())).
		Add(draw(e.Jitter, "jitter", e.Name, m.String(), slotText(slot)))
}

// When describes the timing, and by how much starts may be later, for people.
func (e *Entry) When() string {
	text := e.Timing.String()
	if e.Spread > 0 {
		text += ", spread " + length(e.Spread)
	}
	if e.Jitter > 0 {
		text += ", jitter " + length(e.Jitter)
	}
	return text
}

// draw picks whole minutes below limit.
func draw(limit time.Duration, of ...string) time.Duration {
	n := uint64(limit / time.Minute) //nolint:gosec // the parser lets no negative one through
	if n == 0 {
		return 0
	}
	h := sha256.New()
	for _, part := range of {
		h.Write([]byte(part + "\n"))
	}
	return time.Duration(binary.BigEndian.Uint64(h.Sum(nil))%n) * time.Minute //nolint:gosec // at most hours
}

// slotText is how a slot is written where it names something.
func slotText(slot time.Time) string { return slot.UTC().Format("2006-01-02T15:04Z") }

// Key is the idempotency key of one slot of one model of one entry: each request under it
// gets the same refresh.
func Key(entry string, slot time.Time, m machine.Model) string {
	return "schedule/" + entry + "/" + slotText(slot) + "/" + m.String()
}

// EntryOf is the name of the entry in a key.
func EntryOf(key string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(key, "schedule/"), "/")
	return name
}
