package callback

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"pbirefresh/lease"
)

const (
	prefix = "callbacks/"
	schema = 2 // 1 had the status URL, which was a capability, and a sealed id

	metaDue   = "due"   // when there is something to do; absent or unreadable: now
	metaState = "state" // so that the end of an operation finds those that wait
)

// Name is where the callback of an operation to a URL is kept. It tells neither:
// it is logged.
func Name(model string, op Operation, u URL) string {
	sum := sha256.Sum256([]byte(op.ID + "\n" + op.Caller + "\n" + u.Exact()))
	return prefix + model + "/" + hex.EncodeToString(sum[:16]) + ".json"
}

var namePattern = regexp.MustCompile(`^callbacks/[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f]{32}\.json$`)

// stored is a record as JSON: the only place but the wire that has the URL.
//
// A record lives for days, so that its versions are simple: each change of what is
// stored, a new member too, is a new schema, and whoever does not know it leaves the
// record alone and due, for a version that does.
type stored struct {
	Schema     int       `json:"schema"`
	State      State     `json:"state"`
	URL        string    `json:"url,omitempty"`
	ID         string    `json:"id,omitempty"`
	Caller     string    `json:"caller,omitempty"`
	Base       string    `json:"base,omitempty"`
	StatusURL  string    `json:"statusUrl,omitempty"` // schema 1
	Seen       time.Time `json:"seen,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
	Due        time.Time `json:"due,omitzero"`
	Attempts   int       `json:"attempts,omitempty"`
	Refusals   int       `json:"refusals,omitempty"`
	LastStatus int       `json:"lastStatus,omitempty"`
	Txn        string    `json:"txn,omitempty"`
}

// encode returns the document of a record and its metadata.
func (r Record) encode() ([]byte, lease.Meta, error) {
	body, err := json.Marshal(stored{
		Schema: schema, State: r.State, URL: r.URL.Exact(), ID: r.Operation.ID, Caller: r.Operation.Caller, Base: r.Operation.Base,
		Seen: r.Seen, Ended: r.Ended, Due: r.Due, Attempts: r.Attempts, Refusals: r.Refusals, LastStatus: r.LastStatus, Txn: r.Txn,
	})
	return body, lease.Meta{metaDue: r.Due.UTC().Format(time.RFC3339Nano), metaState: string(r.State)}, err
}

// decode reads a document of ours. Its error repeats nothing of it.
func decode(body []byte) (Record, error) {
	var s stored
	if err := json.Unmarshal(body, &s); err != nil {
		return Record{}, errors.New("it is not the JSON of a callback")
	}
	if s.Schema < 1 || s.Schema > schema {
		return Record{}, fmt.Errorf("it has schema %d, and this version knows %d: a newer version will send it", s.Schema, schema)
	}
	exact := json.NewDecoder(bytes.NewReader(body))
	exact.DisallowUnknownFields()
	if err := exact.Decode(&stored{}); err != nil {
		return Record{}, errors.New("it has a member that this version does not know and would lose")
	}
	r := Record{
		State: s.State, Operation: s.operation(), Seen: s.Seen, Ended: s.Ended, Due: s.Due,
		Attempts: s.Attempts, Refusals: s.Refusals, LastStatus: s.LastStatus, Txn: s.Txn,
	}
	switch {
	case r.State.Final():
		return r, nil
	case r.State != Waiting && r.State != Sending:
		return Record{}, errors.New("it is in no known state")
	}
	u, err := parse(s.URL)
	if err != nil {
		return Record{}, errors.New("its URL is none")
	}
	r.URL = u
	return r, nil
}

// operation returns the operation, of a record of either schema.
func (s stored) operation() Operation {
	if s.Schema == 1 {
		base, _, _ := strings.Cut(s.StatusURL, "/api/")
		return Operation{ID: s.ID, Base: base}
	}
	return Operation{ID: s.ID, Caller: s.Caller, Base: s.Base}
}

// dueAt returns when an entry of a listing has something to do; zero if that is unknown.
func dueAt(meta lease.Meta) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, meta[metaDue])
	return at
}

// mayWait reports whether an entry may be a callback that waits for an end.
func mayWait(meta lease.Meta) bool {
	state, told := meta[metaState]
	return !told || State(state) == Waiting
}

// modelOf is the model of a record's name, for the log.
func modelOf(name string) string {
	model := strings.TrimPrefix(name, prefix)
	return model[:max(0, strings.LastIndexByte(model, '/'))]
}
