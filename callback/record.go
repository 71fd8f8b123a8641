package callback

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pbirefresh/lease"
)

const (
	prefix = "callbacks/"
	schema = 2 // 1 had the status URL, which was a capability, and a sealed id

	// Metadata, so that a listing shows it. Any of it may be absent.
	metaDue       = "due"       // when a step is due; unreadable: now
	metaState     = "state"     // for the end of an operation, which wakes those that wait
	metaOwner     = "owner"     // hash of who asked for it
	metaOperation = "operation" // hash of its operation's id
	metaAttempts  = "attempts"
)

// recordName returns the name of the record of a callback. It is logged, and shows neither
// operation nor URL.
func recordName(model string, op Operation, u URL) string {
	return prefix + model + "/" + hash(16, op.ID, op.Caller, u.Exact()) + ".json"
}

// hash returns the first bytes of a digest, in hexadecimal digits.
func hash(bytes int, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:bytes])
}

var namePattern = regexp.MustCompile(`^callbacks/[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f]{32}\.json$`)

var ownerPattern = regexp.MustCompile(`^([0-9a-f]{16})?$`)

// stored is a record as JSON. Besides the request itself, only this has the URL.
//
// A record lives for days at most, so its versions are simple: each change of what is
// stored, also a new member, is a new schema. A version that does not have the schema
// leaves the record as it is, and due.
type stored struct {
	Schema     int       `json:"schema"`
	State      State     `json:"state"`
	URL        string    `json:"url,omitempty"`
	ID         string    `json:"id,omitempty"`
	Caller     string    `json:"caller,omitempty"`
	Base       string    `json:"base,omitempty"`
	Owner      string    `json:"owner,omitempty"`     // hash; records of early schema 2 have none
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
func (r record) encode() ([]byte, lease.Meta, error) {
	body, err := json.Marshal(stored{
		Schema: schema, State: r.state, URL: r.url.Exact(), ID: r.operation.ID, Caller: r.operation.Caller, Base: r.operation.Base, Owner: r.owner,
		Seen: r.seen, Ended: r.ended, Due: r.due, Attempts: r.attempts, Refusals: r.refusals, LastStatus: r.lastStatus, Txn: r.writeID,
	})
	return body, r.meta(), err
}

func (r record) meta() lease.Meta {
	meta := lease.Meta{metaDue: r.due.UTC().Format(time.RFC3339Nano), metaState: string(r.state)}
	if r.state.final() {
		return meta
	}
	meta[metaOperation], meta[metaAttempts] = hash(8, r.operation.ID), strconv.Itoa(r.attempts)
	if r.owner != "" {
		meta[metaOwner] = r.owner
	}
	return meta
}

// decode reads the document of a record. Its error repeats nothing of the document.
func decode(body []byte) (record, error) {
	var s stored
	if err := json.Unmarshal(body, &s); err != nil {
		return record{}, errors.New("it is not the JSON of a callback")
	}
	if s.Schema < 1 || s.Schema > schema {
		return record{}, fmt.Errorf("it has schema %d, and this version reads 1 to %d: a newer version will send it", s.Schema, schema)
	}
	exact := json.NewDecoder(bytes.NewReader(body))
	exact.DisallowUnknownFields()
	if err := exact.Decode(&stored{}); err != nil {
		return record{}, errors.New("it has a member that is unknown to this version and would be lost")
	}
	r := record{
		state: s.State, operation: s.operation(), owner: s.Owner, seen: s.Seen, ended: s.Ended, due: s.Due,
		attempts: s.Attempts, refusals: s.Refusals, lastStatus: s.LastStatus, writeID: s.Txn,
	}
	switch {
	case r.state.final():
		return r, nil
	case r.state != Waiting && r.state != Sending:
		return record{}, errors.New("its state is unknown")
	case !ownerPattern.MatchString(r.owner):
		return record{}, errors.New("its owner is no hash")
	}
	u, err := parse(s.URL)
	if err != nil {
		return record{}, errors.New("its URL is invalid")
	}
	r.url = u
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

// entryOf reads an entry of a listing. What is unknown or damaged is zero: due, and first.
func entryOf(e lease.Entry) dueRecord {
	at, _ := time.Parse(time.RFC3339Nano, e.Meta[metaDue])
	attempts, _ := strconv.Atoi(e.Meta[metaAttempts])
	return dueRecord{name: e.Name, owner: e.Meta[metaOwner], model: modelOf(e.Name), attempts: attempts, at: at}
}

// mayWait reports whether an entry may be a callback that waits for an end.
func mayWait(meta lease.Meta) bool {
	state, present := meta[metaState]
	return !present || State(state) == Waiting
}

// modelOf returns the model of a record's name.
func modelOf(name string) string {
	model := strings.TrimPrefix(name, prefix)
	return model[:max(0, strings.LastIndexByte(model, '/'))]
}
