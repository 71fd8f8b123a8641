package leasetest

import (
	"context"
	"errors"

	"pbirefresh/lease"
)

// Op names an operation of lease.Store.
type Op string

// The operations.
const (
	OpRead    Op = "Read"
	OpCreate  Op = "Create"
	OpAcquire Op = "Acquire"
	OpWrite   Op = "Write"
	OpRelease Op = "Release"
	OpDelete  Op = "Delete"
	OpList    Op = "List"
	OpPing    Op = "Ping"
)

// Call is one call of an operation, as a hook sees it.
type Call struct {
	Op   Op
	N    int           // the how-manieth call of this Op, from 1
	Name string        // the document; the prefix of a List
	ID   string        // the lease id of Acquire, Write and Release
	Base lease.Version // of a Write and a Delete
	Body []byte        // of Create and Write; not to be changed
	Meta lease.Meta    // of Create and Write; not to be changed

	// Land carries the operation out and drops its result. A hook that answers
	// "not applied" can keep Land and call it later, even from another goroutine:
	// that is a request which the network delayed. See [Late].
	Land func(ctx context.Context) error
}

// Hook decides what becomes of a call. If apply is true the operation is carried
// out. The caller sees err if there is one, even if the operation was carried
// out and even if it failed by itself; otherwise it sees the operation's result.
// A hook may block.
type Hook func(call Call) (apply bool, err error)

// errNothing is the mistake of a test whose hook decides nothing.
var errNothing = errors.New("leasetest: the hook neither applied the call nor failed it")

// Pass applies every call: the hook of a network without faults.
func Pass(Call) (bool, error) { return true, nil }

// NotSent fails every call with err, and nothing is done.
func NotSent(err error) Hook {
	return func(Call) (bool, error) { return false, err }
}

// AnswerLost carries every call out and fails it with err all the same.
func AnswerLost(err error) Hook {
	return func(Call) (bool, error) { return true, err }
}

// OnCall uses hook for the nth call of an operation, from 1, and passes the others.
func OnCall(n int, hook Hook) Hook {
	return func(call Call) (bool, error) {
		if call.N == n {
			return hook(call)
		}
		return Pass(call)
	}
}
