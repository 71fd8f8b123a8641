package sim

import (
	"fmt"
	"sync"
	"time"
)

// An Op is one kind of call that a [Fault] can match and the [Journal] names.
type Op string

// The calls of the four services.
const (
	OpStart       Op = "start"       // POST .../refreshes
	OpHistory     Op = "history"     // GET .../refreshes
	OpDetail      Op = "detail"      // GET .../refreshes/{id}
	OpCancel      Op = "cancel"      // DELETE .../refreshes/{id}
	OpWorkspaces  Op = "workspaces"  // GET .../groups
	OpWorkspace   Op = "workspace"   // GET .../groups/{id}
	OpDatasets    Op = "datasets"    // GET .../groups/{id}/datasets
	OpDataset     Op = "dataset"     // GET .../groups/{id}/datasets/{id}
	OpSchedule    Op = "schedule"    // GET .../refreshSchedule
	OpQuery       Op = "query"       // POST .../executeQueries
	OpUsers       Op = "users"       // GET .../groups/{id}/users
	OpGrant       Op = "grant"       // POST and PUT .../groups/{id}/users
	OpDatasources Op = "datasources" // GET .../datasources
	OpCapacities  Op = "capacities"  // GET .../capacities
	OpOther       Op = "other"       // any other path of Power BI
	OpDiscovery   Op = "discovery"   // Entra: instance and tenant discovery
	OpToken       Op = "token"       // Entra: token endpoint
	OpIdentity    Op = "identity"    // App Service: managed identity
	OpSecret      Op = "secret"      // Key Vault: a secret
	OpVersions    Op = "versions"    // Key Vault: the versions of a secret
)

// Ops lists every [Op].
func Ops() []Op {
	return []Op{
		OpStart, OpHistory, OpDetail, OpCancel, OpWorkspaces, OpWorkspace, OpDatasets, OpDataset, OpSchedule, OpQuery,
		OpUsers, OpGrant, OpDatasources, OpCapacities, OpOther,
		OpDiscovery, OpToken, OpIdentity, OpSecret, OpVersions,
	}
}

// A Fault is a scripted misbehaviour of the next calls that match it. The zero match is any call.
//
// The order of one call is: Delay, [the service acts if After or if nothing below answers for it], Hold, then Cut or
// Answer or the service's own answer.
type Fault struct {
	// Kind fills Cut, After and Answer from a catalogue; see [FaultKinds]. Fields that are set take precedence.
	Kind FaultKind

	Op    Op  // which call
	Model Ref // which workspace, or which model
	Skip  int // let this many matching calls through first
	Times int // how many calls to affect; 0 means 1, a negative number means all

	// Delay passes before the service receives the request. A caller that leaves in the meantime has had no effect.
	Delay time.Duration
	// Land, for OpStart, lets the request reach Power BI this much later, whether or not the caller still waits: a
	// delayed packet, which no client can fence.
	Land time.Duration
	// After makes the service act before the fault takes effect: a POST is accepted although its answer is lost.
	After bool
	// Hold passes after the service acted and before it answers.
	Hold time.Duration
	// Named adds the service's own ids to Answer: RequestId, x-ms-request-id, Location.
	Named bool
	// Cut closes the connection instead of answering.
	Cut bool
	// Answer replaces the service's answer.
	Answer *Answer

	// Status and RetryAfter adjust the catalogue's answer where it has them (5xx, 429).
	Status     int
	RetryAfter time.Duration
}

func (f Fault) matches(op Op, ref Ref) bool {
	return (f.Op == "" || f.Op == op) &&
		(f.Model.Workspace == "" || sameID(f.Model.Workspace, ref.Workspace)) &&
		(f.Model.Model == "" || sameID(f.Model.Model, ref.Model))
}

// name is the name in the journal.
func (f Fault) name() string {
	if f.Kind != "" {
		return string(f.Kind)
	}
	return "scripted"
}

// faultQueue holds the scripted faults in the order they were added; the first match is used.
type faultQueue struct {
	mu     sync.Mutex
	faults []*Fault
}

func (q *faultQueue) add(f Fault) error {
	full, err := f.resolve()
	if err != nil {
		return err
	}
	if full.Times == 0 {
		full.Times = 1
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = append(q.faults, &full)
	return nil
}

func (q *faultQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = nil
}

func (q *faultQueue) pending() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Fault, 0, len(q.faults))
	for _, f := range q.faults {
		list = append(list, *f)
	}
	return list
}

// take returns the fault for one call, or nil.
func (q *faultQueue) take(op Op, ref Ref) *Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, f := range q.faults {
		if !f.matches(op, ref) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		if f.Times == 0 {
			q.faults = append(q.faults[:i:i], q.faults[i+1:]...)
		}
		spoiled := *f
		return &spoiled
	}
	return nil
}

func (f Fault) resolve() (Fault, error) {
	if f.Kind == "" {
		return f, nil
	}
	fill, ok := catalogue()[f.Kind]
	if !ok {
		return f, fmt.Errorf("unknown fault kind %q: use one of %v", f.Kind, FaultKinds())
	}
	return fill(f), nil
}
