package callback

import (
	"fmt"
	"io"
	"time"
)

// State is where a callback stands.
type State string

// The states of a callback.
const (
	Waiting   State = "waiting"   // for the end of its operation
	Sending   State = "sending"   // its operation has ended; it is being sent, or will be again
	Delivered State = "delivered" // the receiver answered 2xx
	Abandoned State = "abandoned" // it will not be sent any more
)

// Final reports whether nothing will be sent any more.
func (s State) Final() bool { return s == Delivered || s == Abandoned }

const (
	giveUpAfter = 24 * time.Hour // from the end of the operation, as it was found
	lateClaims  = time.Hour      // longer than that, for attempts that died before they could give up
	maxRefusals = 5              // in a row
	firstWait   = 10 * time.Second
	longestWait = 15 * time.Minute
	longestRest = time.Hour        // that a Retry-After is honoured for
	claimFor    = 15 * time.Second // longer than sendLimit, or every slow send would be a duplicate
	keepFor     = 24 * time.Hour   // a final record, so that a repeated request finds it
	soonestLook = 15 * time.Second // at an operation that goes on
	latestLook  = 5 * time.Minute
)

// Operation is what a callback waits for.
type Operation struct {
	ID     string // readable; of a record of schema 1: sealed, a capability
	Caller string // names the caller among those who share the operation; a secret
	Base   string // address of the app for that caller
}

// Format implements [fmt.Formatter]: no verb prints the secret.
func (Operation) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "(operation)") }

// MarshalText implements [encoding.TextMarshaler], for logs in JSON.
func (Operation) MarshalText() ([]byte, error) { return []byte("(operation)"), nil }

// Record is one callback as it is kept. It is a value; what changes it returns
// another one. All times are the storage service's.
type Record struct {
	State      State
	URL        URL       // zero once final
	Operation  Operation // zero once final
	Seen       time.Time // when the record was first looked at
	Ended      time.Time // when its operation was found to have ended
	Due        time.Time // nothing happens before
	Attempts   int
	Refusals   int // in a row, up to the last attempt
	LastStatus int // of the last answer; 0 without one
	Txn        string
}

// Result is how one POST went.
type Result struct {
	Status     int           // 0: no answer
	RetryAfter time.Duration // that the receiver asked for
	Refused    bool          // by our own rules, so that nothing was sent
	Cause      string        // why there is no answer, in words of ours
}

// String is the result in words.
func (r Result) String() string {
	if r.Status == 0 {
		return r.Cause
	}
	return fmt.Sprintf("HTTP %d", r.Status)
}

type verdict int

const (
	again   verdict = iota // it may pass
	refused                // the receiver does not want it
	done
	gone // the receiver never will
)

// verdict reads an answer. What is neither success nor a known kind of passing
// trouble is a refusal: a redirect too, since it is not followed.
func (r Result) verdict() verdict {
	switch {
	case r.Refused:
		return refused
	case r.Status >= 200 && r.Status <= 299:
		return done
	case r.Status == 410:
		return gone
	case r.Status == 0, r.Status == 408, r.Status == 429, r.Status >= 500:
		return again
	}
	return refused
}

// postponed is a record whose operation goes on: it is looked at rarely the longer
// it takes, because whoever ends the operation says so.
func (r Record) postponed(now time.Time, txn string) Record {
	if r.Seen.IsZero() {
		r.Seen = now
	}
	r.Due, r.Txn = now.Add(min(max(now.Sub(r.Seen)/4, soonestLook), latestLook)), txn
	return r
}

// claimed is a record that is about to be sent, and nobody else's to send until Due.
// One that was claimed until it is too late, and never concluded, is given up.
func (r Record) claimed(now time.Time, txn string) Record {
	if r.State == Waiting {
		r.State, r.Ended = Sending, now
	}
	if now.Sub(r.Ended) >= giveUpAfter+lateClaims {
		return r.final(Abandoned, now, txn)
	}
	r.Attempts++
	r.Due, r.Txn = now.Add(claimFor), txn
	return r
}

// concluded is a record after an attempt. lot is drawn from [0,1): who failed at the
// same time does not come again at the same time.
func (r Record) concluded(res Result, now time.Time, lot float64, txn string) Record {
	r.LastStatus = res.Status
	v := res.verdict()
	if v != refused {
		r.Refusals = 0
	} else {
		r.Refusals++
	}
	switch {
	case v == done:
		return r.final(Delivered, now, txn)
	case v == gone, r.Refusals >= maxRefusals, now.Sub(r.Ended) >= giveUpAfter:
		return r.final(Abandoned, now, txn)
	}
	due := now.Add(max(backoff(r.Attempts, lot), min(res.RetryAfter, longestRest)))
	if last := r.Ended.Add(giveUpAfter); due.After(last) {
		due = last // one more, at the very end
	}
	r.Due, r.Txn = due, txn
	return r
}

// backoff doubles with each attempt up to a bound; half of it is drawn.
func backoff(attempts int, lot float64) time.Duration {
	wait := min(firstWait<<min(max(attempts-1, 0), 20), longestWait)
	return wait/2 + time.Duration(lot*float64(wait/2))
}

// final keeps what a repeated request asks for, and nothing that is a secret. Due is
// when the record itself may go.
func (r Record) final(s State, now time.Time, txn string) Record {
	r.State, r.Due, r.Txn = s, now.Add(keepFor), txn
	r.URL, r.Operation = URL{}, Operation{}
	return r
}
