package history

import (
	"slices"
	"strings"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease"
)

// Entry is one operation of the index.
type Entry struct {
	ID          string
	WorkspaceID string
	DatasetID   string
	Created     time.Time

	Callers  []Caller // the first one comes first
	Requests int      // that share the operation; 0: none is on record
	Labels   []string
	End      *End // nil: none is on record

	asked []asked
}

// add reads one blob of the operation.
func (e *Entry) add(what string, meta lease.Meta) {
	if strings.HasPrefix(what, askedPart) {
		var a asked
		if decode(meta, &a) {
			e.asked = append(e.asked, a)
		}
		return
	}
	var end End
	if what == endedPart && decode(meta, &end) {
		e.End = &end
	}
}

// finish merges the callers.
func (e *Entry) finish() {
	slices.SortStableFunc(e.asked, func(a, b asked) int { return a.At.Compare(b.At) })
	for _, a := range e.asked {
		e.Requests += a.Count
		for _, c := range a.Callers {
			if !slices.Contains(e.Callers, c) {
				e.Callers = append(e.Callers, c)
			}
		}
		for _, label := range a.Labels {
			if !slices.Contains(e.Labels, label) {
				e.Labels = append(e.Labels, label)
			}
		}
	}
}

func (e *Entry) isBy(caller string) bool {
	return slices.ContainsFunc(e.Callers, func(c Caller) bool { return audit.IsBy(caller, c.ID, c.Name) })
}
