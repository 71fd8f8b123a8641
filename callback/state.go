package callback

import (
	"fmt"
	"io"
	"time"
)

// State is how far a callback is.
type State string

// The states of a callback.
const (
	Waiting   State = "waiting"   // for the end of its operation
	Sending   State = "sending"   // its operation has ended; it is being sent, or will be again
	Delivered State = "delivered" // the receiver answered 2xx
	Abandoned State = "abandoned" // it is not sent any more
)

// final reports whether the callback is not sent any more.
func (s State) final() bool { return s == Delivered || s == Abandoned }

const (
	giveUpAfter = 24 * time.Hour // from the end of the operation, as it was found
	lateClaims  = time.Hour      // longer than that, for attempts that died before they were concluded
	maxRefusals = 5              // in a row
	firstWait   = 10 * time.Second
	longestWait = 15 * time.Minute
	longestRest = time.Hour        // the longest Retry-After that is honoured
	claimFor    = 15 * time.Second // longer than sendLimit: otherwise every slow send would be repeated
	keepFor     = 24 * time.Hour   // a final record, so that a repeated request finds it
	soonestLook = 15 * time.Second // at an operation that has not ended
	latestLook  = 5 * time.Minute
)

// Operation is what a callback waits for.
type Operation struct {
	ID     string // readable; in a record of schema 1: sealed, and gives access
	Caller string // distinguishes the callers who share the operation; a secret
	Base   string // address of the app for that caller
}

// Format implements [fmt.Formatter]: no verb prints the secret.
func (Operation) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "(operation)") }

// MarshalText implements [encoding.TextMarshaler], for logs in JSON.
func (Operation) MarshalText() ([]byte, error) { return []byte("(operation)"), nil }

// record is one callback as it is stored. It is a value: each change returns another
// one. All times are the storage service's.
type record struct {
	state      State
	url        URL       // zero once final
	operation  Operation // zero once final
	owner      string    // hash; "" once final, and if unknown
	seen       time.Time // when the first step was taken
	ended      time.Time // when its operation was found to have ended
	due        time.Time // of the next step
	attempts   int
	refusals   int    // in a row, up to the last attempt
	lastStatus int    // of the last answer; 0 without one
	writeID    string // random, of the write that made this record
}

// Format implements [fmt.Formatter]: no verb prints the secrets.
func (r record) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "(%s, %d attempts, %d refusals, ended %v, due %v)", r.state, r.attempts, r.refusals, r.ended, r.due)
}

// Result is the outcome of one POST.
type Result struct {
	Status     int           // 0: no answer
	RetryAfter time.Duration // as the receiver asked
	Refused    bool          // by our own rules, so that nothing was sent
	Cause      string        // why there is no answer, in our own words
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
	again   verdict = iota // temporary
	refused                // the receiver rejects it
	done
	gone // the receiver will always reject it
)

// verdict classifies an answer. What is neither success nor a known temporary failure is a
// refusal. A redirect is one too, since it is not followed.
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

// postponed is a record whose operation has not ended. Its steps become rarer with time,
// because the process that ends the operation reports it.
func (r record) postponed(now time.Time, writeID string) record {
	if r.seen.IsZero() {
		r.seen = now
	}
	r.due, r.writeID = now.Add(min(max(now.Sub(r.seen)/4, soonestLook), latestLook)), writeID
	return r
}

// claimed is a record that this process is about to send, and no other process until it
// is due. One that was claimed until it is too late, and never concluded, is abandoned.
func (r record) claimed(now time.Time, writeID string) record {
	if r.state == Waiting {
		r.state, r.ended = Sending, now
	}
	if now.Sub(r.ended) >= giveUpAfter+lateClaims {
		return r.finished(Abandoned, now, writeID)
	}
	r.attempts++
	r.due, r.writeID = now.Add(claimFor), writeID
	return r
}

// concluded is a record after an attempt. jitter is from [0,1): callbacks that failed
// together are not sent again together.
func (r record) concluded(res Result, now time.Time, jitter float64, writeID string) record {
	r.lastStatus = res.Status
	v := res.verdict()
	if v != refused {
		r.refusals = 0
	} else {
		r.refusals++
	}
	switch {
	case v == done:
		return r.finished(Delivered, now, writeID)
	case v == gone, r.refusals >= maxRefusals, now.Sub(r.ended) >= giveUpAfter:
		return r.finished(Abandoned, now, writeID)
	}
	due := now.Add(max(backoff(r.attempts, jitter), min(res.RetryAfter, longestRest)))
	if last := r.ended.Add(giveUpAfter); due.After(last) {
		due = last // one more, at the very end
	}
	r.due, r.writeID = due, writeID
	return r
}

// backoff doubles with each attempt up to a limit; half of it is jitter.
func backoff(attempts int, jitter float64) time.Duration {
	wait := min(firstWait<<min(max(attempts-1, 0), 20), longestWait)
	return wait/2 + time.Duration(jitter*float64(wait/2))
}

// finished keeps what a repeated request needs, and no secret. It is due when the record
// may be deleted.
func (r record) finished(s State, now time.Time, writeID string) record {
	r.state, r.due, r.writeID = s, now.Add(keepFor), writeID
	r.url, r.operation, r.owner = URL{}, Operation{}, ""
	return r
}
