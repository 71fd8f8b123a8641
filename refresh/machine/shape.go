package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Model names a Power BI semantic model.
type Model struct {
	WorkspaceID string `json:"workspaceId"` // Power BI's groupId, lower case
	DatasetID   string `json:"datasetId"`   // lower case
}

func (m Model) String() string { return m.WorkspaceID + "/" + m.DatasetID }

// Shape is what a refresh does, in canonical spelling. Two requests of equal
// shape can share one refresh; how hard it tries ([Tuning]) is no part of it.
type Shape struct {
	Kind          Kind     `json:"kind"`
	Type          string   `json:"type,omitempty"`
	CommitMode    string   `json:"commitMode,omitempty"`
	ApplyPolicy   *bool    `json:"applyRefreshPolicy,omitempty"`
	EffectiveDate string   `json:"effectiveDate,omitempty"`
	Objects       []Object `json:"objects,omitempty"` // none: the whole model; sorted, no duplicates
	Extra         string   `json:"extra,omitempty"`   // options of newer API versions, as JSON; only if a setting lets them through
}

// Object is a table, or one partition of it.
type Object struct {
	Table     string `json:"table"`
	Partition string `json:"partition,omitempty"`
}

// Tuning is how hard a refresh tries. It does not change what is refreshed.
type Tuning struct {
	MaxParallelism *int   `json:"maxParallelism,omitempty"`
	RetryCount     *int   `json:"retryCount,omitempty"`
	Timeout        string `json:"timeout,omitempty"` // of one try inside Power BI, hh:mm:ss
}

// sameExceptObjects reports whether a and b treat their objects alike.
func (a Shape) sameExceptObjects(b Shape) bool {
	return a.Kind == b.Kind && a.Type == b.Type && a.CommitMode == b.CommitMode &&
		a.EffectiveDate == b.EffectiveDate && a.Extra == b.Extra && equalPointers(a.ApplyPolicy, b.ApplyPolicy)
}

// covers reports whether a refresh of shape a does everything that b asks for.
//
// A whole model covers whole tables, and a set of objects covers its subsets. A
// named partition is covered only by itself: a refresh that applies an
// incremental policy may skip the very partition that was asked for.
func (a Shape) covers(b Shape) bool {
	if !a.sameExceptObjects(b) {
		return false
	}
	if len(a.Objects) == 0 {
		return !slices.ContainsFunc(b.Objects, func(o Object) bool { return o.Partition != "" })
	}
	if len(b.Objects) == 0 {
		return false
	}
	for _, o := range b.Objects {
		if !slices.Contains(a.Objects, o) {
			return false
		}
	}
	return true
}

// whole reports whether the shape is the whole model.
func (a Shape) whole() bool { return len(a.Objects) == 0 }

// Plain reports whether the standard API can do what the shape asks for.
func (a Shape) Plain() bool {
	return a.whole() && a.Type == "" && a.CommitMode == "" && a.ApplyPolicy == nil && a.EffectiveDate == "" && a.Extra == ""
}

// Key names the shape for statistics: refreshes of one key take alike long. It is
// short, however many objects there are.
func (a Shape) Key() string {
	parts := []string{a.Type}
	for _, o := range a.Objects {
		parts = append(parts, o.Table+"\x1f"+o.Partition)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1e")))
	return hex.EncodeToString(sum[:8])
}

// MaxShape is the largest Shape that can be asked for, in bytes of its JSON.
const MaxShape = 16 << 10

// Size is how many bytes the shape takes in the document.
func (a Shape) Size() int {
	b, err := json.Marshal(a)
	if err != nil {
		return MaxShape
	}
	return len(b)
}

func equalPointers[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
