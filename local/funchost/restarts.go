package funchost

import "time"

// An exitKind is how the life of a handler process ended.
type exitKind int

const (
	exitClean   exitKind = iota // code 0
	exitRestart                 // code 200
	exitError                   // any other code, a signal, or no readiness in time
	exitTimeout                 // killed by the host after a function time-out
	exitStopped                 // killed because the host stops
	exitUnborn                  // the process could not be started
)

// A verdict is what the host does about it.
type verdict int

const (
	again verdict = iota // start another process at once
	park                 // start none; later invocations fail
	stop                 // stop the host
)

const (
	exitCodeRestart = 200
	// maxErrors is the error that stops the host ("Exceeded http worker restart
	// retry count").
	maxErrors = 3
	// errorWindow is the quiet time after which earlier errors are forgotten.
	errorWindow = 30 * time.Minute
)

// restarts keeps the count of errors. Its rules are azure-functions-host's
// (HttpFunctionInvocationDispatcher, source).
type restarts struct {
	errors int
	last   time.Time
}

func (r *restarts) after(kind exitKind, now time.Time) verdict {
	switch kind {
	case exitClean, exitStopped, exitUnborn:
		return park
	case exitRestart, exitTimeout:
		return again
	case exitError:
	}
	if now.Sub(r.last) > errorWindow {
		r.errors = 0
	}
	r.errors++
	r.last = now
	if r.errors >= maxErrors {
		return stop
	}
	return again
}
