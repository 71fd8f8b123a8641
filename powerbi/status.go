package powerbi

import "strings"

// Status is Power BI's word for the state of a refresh. A word other than the constants
// is kept unchanged: Power BI may add words.
type Status string

// The words of status and extendedStatus. Unknown also means "in progress": the
// history has no other word for a running refresh (documented).
const (
	StatusUnknown    Status = "Unknown"
	StatusNotStarted Status = "NotStarted"
	StatusInProgress Status = "InProgress"
	StatusCompleted  Status = "Completed"
	StatusFailed     Status = "Failed"
	StatusCancelled  Status = "Cancelled"
	// StatusDisabled: refresh was disabled by a selective refresh (documented).
	StatusDisabled Status = "Disabled"
	// StatusTimedOut: only in extendedStatus, that is for enhanced refreshes.
	StatusTimedOut Status = "TimedOut"
)

// Result is the meaning of a status. Every status has exactly one.
type Result int

// The results of a refresh.
const (
	InProgress Result = iota // or not started, or an unknown word
	Succeeded
	Failed
	Cancelled
)

// String returns the result's name.
func (r Result) String() string {
	switch r {
	case Succeeded:
		return "Succeeded"
	case Failed:
		return "Failed"
	case Cancelled:
		return "Cancelled"
	case InProgress:
		return "InProgress"
	default:
		return "Result(?)"
	}
}

// parseStatus finds the word in any case. Power BI writes "Cancelled"; one l is
// accepted because it can mean nothing else.
func parseStatus(word string) Status {
	word = strings.TrimSpace(word)
	if strings.EqualFold(word, "Canceled") {
		return StatusCancelled
	}
	for _, s := range []Status{
		StatusUnknown, StatusNotStarted, StatusInProgress, StatusCompleted,
		StatusFailed, StatusCancelled, StatusDisabled, StatusTimedOut,
	} {
		if strings.EqualFold(word, string(s)) {
			return s
		}
	}
	if word == "" {
		return StatusUnknown
	}
	return Status(word)
}

// mergeStatus prefers extendedStatus, which distinguishes running from unknown and a
// time-out from a failure, unless it is absent or empty (seen: fabric-cli;
// the history's own sample of an enhanced refresh lacks it).
func mergeStatus(status, extended string) Status {
	if s := parseStatus(extended); s != StatusUnknown {
		return s
	}
	return parseStatus(status)
}

// Result returns the meaning of s. An unknown word is in progress: an end would be a
// guess, and a wrong end cannot be corrected.
func (s Status) Result() Result {
	switch s {
	case StatusCompleted:
		return Succeeded
	case StatusFailed, StatusDisabled, StatusTimedOut:
		return Failed
	case StatusCancelled:
		return Cancelled
	case StatusUnknown, StatusNotStarted, StatusInProgress:
		return InProgress
	default:
		return InProgress
	}
}

// Terminal reports whether the refresh has ended.
func (s Status) Terminal() bool { return s.Result() != InProgress }

// Known reports whether s is one of the constants. A caller logs an unknown word.
func (s Status) Known() bool {
	switch s {
	case StatusUnknown, StatusNotStarted, StatusInProgress, StatusCompleted,
		StatusFailed, StatusCancelled, StatusDisabled, StatusTimedOut:
		return true
	default:
		return false
	}
}
