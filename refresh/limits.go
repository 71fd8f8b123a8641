package refresh

import (
	"time"

	"pbirefresh/lease"
)

// Limits of the coordinator. See the package doc for what they protect.
const (
	callerWait    = 45 * time.Second       // a caller's request waits so long from its arrival, for its turn and for the lease
	answerLimit   = 55 * time.Second       // a caller has an answer by then, also if the storage is slow to save its request
	handOver      = 2 * time.Second        // a call to Power BI keeps the lease this long
	advanceLimit  = 3 * time.Second        // a status request waits this long for the step that it set off
	readInterval  = 250 * time.Millisecond // between two reads of one model's document by this process
	enterLimit    = 20 * time.Second       // one try to enter a section
	sectionLimit  = 40 * time.Second       // a section's I/O ends by then, whatever happens
	finishedCache = 4096                   // finished operations that are remembered
)

// The invariants of the wait; none of these lines compiles if its difference is negative.
// A caller outlives any lease that a dead holder left, and is answered within the minute
// that Data Factory's WebHook activity allows (documented).
const (
	_ = uint64(callerWait - lease.Outlast)
	_ = uint64(answerLimit - callerWait - handOver - 2*handOver)
	_ = uint64(time.Minute - answerLimit - handOver)
)

// Pauses between two tries of what waits for the storage.
const (
	firstPause   = 25 * time.Millisecond
	longestPause = 400 * time.Millisecond
)

const (
	lookLimit    = 20 * time.Second
	deleteLimit  = 20 * time.Second
	archiveLimit = 10 * time.Second
	warmLimit    = 30 * time.Second
)
