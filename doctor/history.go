package doctor

import (
	"slices"
	"strings"
	"time"

	"pbirefresh/powerbi"
)

// daily is what a shared capacity allows, by schedule and API together (documented).
const daily = 8

// capacity is what the workspace and the list of capacities say. A service principal sees
// only capacities on which it has a right (documented), so its absence says nothing.
func (d Deps) capacity(s *seen) Check {
	const remedy = "resume the capacity, or move the workspace to one that runs"
	for _, err := range []error{s.model.err, s.history.err, s.sources.err, s.users.err} {
		if powerbi.HasCode(err, powerbi.CodeCapacityPaused) {
			return problem("capacity", remedy, "it is paused: %s", oneLine(err)).with(resumeSteps...)
		}
	}
	if !s.workspace.OnDedicatedCapacity {
		return fine("capacity", "shared: standard refreshes only")
	}
	i := slices.IndexFunc(s.capacities.value, func(c powerbi.Capacity) bool { return strings.EqualFold(c.ID, s.workspace.CapacityID) })
	switch {
	case i < 0:
		return unknown("capacity", "dedicated (%s); its state is shown only to who has a right on the capacity", safe(s.workspace.CapacityID))
	case !strings.EqualFold(s.capacities.value[i].State, "Active"):
		return problem("capacity", remedy, "%s (%s) is %s", safe(s.capacities.value[i].Name), safe(s.capacities.value[i].SKU), safe(s.capacities.value[i].State)).with(resumeSteps...)
	}
	return fine("capacity", "%s (%s) is active", safe(s.capacities.value[i].Name), safe(s.capacities.value[i].SKU))
}

// failures judges the newest refresh that has ended.
func failures(s *seen) Check {
	if s.history.err != nil {
		return unknown("failures", "the refresh history cannot be read: %s", oneLine(s.history.err))
	}
	ended := slices.DeleteFunc(slices.Clone(s.history.value.Rows), func(r powerbi.Row) bool { return !r.Status.Terminal() })
	if len(ended) == 0 {
		return fine("failures", "no refresh has ended yet")
	}
	failed := 0
	for _, r := range ended {
		if r.Status.Result() == powerbi.Failed {
			failed++
		}
	}
	last := ended[0]
	if last.Status.Result() != powerbi.Failed || last.Failure == nil {
		return fine("failures", "the newest refresh ended as %s at %s; %d of the last %d failed", safe(string(last.Status)), last.End.UTC().Format(time.RFC3339), failed, len(ended))
	}
	f := last.Failure
	return problem("failures", f.Remedy, "the newest refresh failed at %s, and %d of the last %d: %s (%s). Power BI: %s",
		last.End.UTC().Format(time.RFC3339), failed, len(ended), f.Cause, f.Class, safe(strings.TrimSpace(f.Code+" "+f.Message)))
}

// budget counts what a shared capacity counts: schedule and API, not the portal (documented).
// The texts differ on when it begins anew, so it is counted over 24 hours.
func budget(s *seen) Check {
	switch {
	case s.workspace.OnDedicatedCapacity:
		return fine("budget", "a dedicated capacity has no daily limit")
	case s.history.err != nil:
		return unknown("budget", "the refresh history cannot be read")
	}
	now, used := s.history.value.Date, 0
	if now.IsZero() {
		now = time.Now()
	}
	var first time.Time
	for _, r := range s.history.value.Rows {
		if now.Sub(r.Start) < 24*time.Hour && slices.Contains([]string{"ViaApi", "ViaEnhancedApi", "Scheduled"}, r.RefreshType) {
			used++
			first = r.Start
		}
	}
	if used >= daily {
		return problem("budget", "wait, or move the workspace to a Premium, PPU, Embedded or Fabric capacity",
			"%d of %d refreshes of 24 hours are used; one is free again at %s", used, daily, first.Add(24*time.Hour).UTC().Format(time.RFC3339))
	}
	return fine("budget", "%d of %d refreshes of 24 hours are used", used, daily)
}
