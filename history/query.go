package history

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// Query selects operations. An empty member selects all.
type Query struct {
	WorkspaceID  string
	DatasetID    string
	Since, Until time.Time // of the creation: including Since, excluding Until
	Caller       string    // any caller of the operation; see audit.IsBy
	Label        string
	Cursor       string // of an earlier scan
}

// ErrCursor reports a cursor that no scan of the same query has returned.
var ErrCursor = errors.New("history: the cursor is not of this query")

// root is the prefix that has all operations of the query.
func (q Query) root() string {
	if q.WorkspaceID != "" && q.DatasetID != "" {
		return modelPrefix(q.WorkspaceID, q.DatasetID)
	}
	return timePrefix
}

func (q Query) wants(e *Entry) bool {
	return (q.WorkspaceID == "" || strings.EqualFold(q.WorkspaceID, e.WorkspaceID)) &&
		(q.DatasetID == "" || strings.EqualFold(q.DatasetID, e.DatasetID)) &&
		(q.Until.IsZero() || e.Created.Before(q.Until)) &&
		(q.Caller == "" || e.isBy(q.Caller)) &&
		(q.Label == "" || slices.Contains(e.Labels, q.Label))
}

// position is where a scan goes on.
type position struct {
	Root   string `json:"r"`
	Times  string `json:"d,omitempty"` // that are listed, as a prefix of their keys; empty: all
	Marker string `json:"m,omitempty"`
	After  string `json:"a,omitempty"` // the key of the last entry that was returned
}

// valid reports whether the times can be those of a scan.
func (p position) valid() bool {
	return len(p.Times) <= len("yyyymmdd/ss") && strings.Trim(p.Times, "0123456789/") == ""
}

const maxCursor = 4 << 10

func (p position) cursor() string { return base64.RawURLEncoding.EncodeToString(marshal(p)) }

// start returns where a scan of the query begins.
func (q Query) start() (position, error) {
	root := q.root()
	if q.Cursor == "" {
		p := position{Root: root}
		if !q.Until.IsZero() {
			// Listings begin with the newest: with an end, they begin with its minutes.
			p.Times = bucket(q.Until.Add(-time.Nanosecond))
		}
		return p, nil
	}
	var p position
	body, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || len(body) > maxCursor || json.Unmarshal(body, &p) != nil || p.Root != root || !p.valid() || (p.Times == "") != q.Until.IsZero() {
		return position{}, ErrCursor
	}
	return p, nil
}
