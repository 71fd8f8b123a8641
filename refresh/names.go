package refresh

import (
	"regexp"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// StateName is the name of the model's state document in the store.
func StateName(m machine.Model) string { return statePrefix + m.String() + ".json" }

const statePrefix = "models/"

var stateName = regexp.MustCompile(`^models/([0-9a-f-]{36})/([0-9a-f-]{36})\.json$`)

func modelOf(name string) (machine.Model, bool) {
	m := stateName.FindStringSubmatch(name)
	if m == nil {
		return machine.Model{}, false
	}
	return machine.Model{WorkspaceID: m[1], DatasetID: m[2]}, true
}

// metaDue is the metadata key that says when a model's next step is due. It is
// written by the same put as the document, so that the sweep need not read
// documents. Absent or unreadable means: due now.
const (
	metaDue = "due"
	never   = "never"
)

// dueMeta is the metadata that goes with a state.
func dueMeta(s *machine.State) lease.Meta {
	at, any := s.Due()
	if !any {
		return lease.Meta{metaDue: never}
	}
	return lease.Meta{metaDue: at.UTC().Format(time.RFC3339Nano)}
}

// isDue reports whether a document with that metadata may have something to do.
func isDue(meta lease.Meta, now time.Time) bool {
	value := meta[metaDue]
	if value == never {
		return false
	}
	at, err := time.Parse(time.RFC3339Nano, value)
	return err != nil || !at.After(now)
}
