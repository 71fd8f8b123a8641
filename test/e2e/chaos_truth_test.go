package e2e

import (
	"fmt"
	"strings"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// truth is what Power BI did to one model.
type truth struct {
	list []sim.Refresh
	byID map[string]sim.Refresh
}

func newTruth(list []sim.Refresh) truth {
	tr := truth{list: list, byID: map[string]sim.Refresh{}}
	for _, r := range list {
		tr.byID[r.ID], tr.byID[r.ListedID] = r, r
	}
	return tr
}

// stale reports a success by a refresh that was accepted before the caller arrived.
func (tr truth) stale(doc handler.StatusDocument, arrived time.Time) bool {
	return doc.Status == machine.StatusSucceeded && doc.Result != nil && tr.byID[doc.Result.RefreshID].Accepted.Before(arrived)
}

// untrue returns how the truth contradicts an answer, or an empty string. asked means
// that the caller cancelled; whole, that it wants all tables.
func (tr truth) untrue(doc handler.StatusDocument, asked, whole bool) string {
	last := sim.Refresh{}
	if n := len(doc.Attempts); n > 0 {
		last = tr.byID[doc.Attempts[n-1].RefreshID]
	}
	switch doc.Status {
	case machine.StatusSucceeded:
		if doc.Result == nil || doc.Result.RefreshID != last.ID && doc.Result.RefreshID != last.ListedID || last.Status != "Completed" {
			return "that refresh did not complete"
		}
		if whole && strings.Contains(string(last.Body), "objects") {
			return "that refresh was of some tables only"
		}
	case machine.StatusFailed:
		if last.Status == "Completed" {
			return "the last refresh completed"
		}
	case machine.StatusCanceled:
		if !asked && last.Status != "Cancelled" {
			return "nobody cancelled it"
		}
	default:
		return "that is no end"
	}
	for i, a := range doc.Attempts {
		if why := tr.untrueAttempt(a); why != "" {
			return fmt.Sprintf("attempt %d: %s", i+1, why)
		}
	}
	return ""
}

// untrueAttempt holds one attempt against the truth.
func (tr truth) untrueAttempt(a handler.Attempt) string {
	if a.RefreshID != "" {
		r := tr.byID[a.RefreshID]
		switch {
		case r.Caller != sim.ClientID:
			return "there is no such refresh of ours"
		case a.Outcome == machine.OutcomeCompleted && r.Status != "Completed",
			a.Outcome == machine.OutcomeFailed && r.Status == "Completed",
			a.Outcome == machine.OutcomeCancelled && r.Status != "Cancelled":
			return "Power BI says " + r.Status
		}
		return ""
	}
	switch a.Outcome {
	case machine.OutcomeDropped, machine.OutcomeRefused, machine.OutcomeUnsent:
		if r, found := tr.between(a.Requested, a.Ended); found {
			return fmt.Sprintf("it says %s, and %s was accepted", a.Outcome, r.ID)
		}
	case machine.OutcomeCompleted:
		return "it has no id"
	case machine.OutcomePending, machine.OutcomeFailed, machine.OutcomeCancelled, machine.OutcomeUnknown:
	}
	return ""
}

// between finds a refresh of ours that was accepted while an attempt was under way.
func (tr truth) between(from, to time.Time) (sim.Refresh, bool) {
	for _, r := range tr.list {
		if r.Caller == sim.ClientID && r.Accepted.After(from) && r.Accepted.Before(to) {
			return r, true
		}
	}
	return sim.Refresh{}, false
}
