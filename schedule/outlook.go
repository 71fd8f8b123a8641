package schedule

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pbirefresh/refresh/machine"
)

// Planned is a start that lies ahead.
type Planned struct {
	At    time.Time
	Entry *Entry
	Model machine.Model
}

// maxPlanned bounds an outlook.
const maxPlanned = 500_000

// Outlook returns the starts of a file for slots in a time, earliest first: spread and
// jitter included, as they will be. It is cut short at half a million.
func Outlook(f *File, from time.Time, length time.Duration) []Planned {
	var list []Planned
	for i := range f.Entries {
		e := &f.Entries[i]
		if !e.Enabled {
			continue
		}
		for slot := range slotsOf(e, from, from.Add(length)) {
			for _, r := range e.Requests {
				list = append(list, Planned{e.Start(r.Model, slot), e, r.Model})
			}
			if len(list) >= maxPlanned {
				break
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Planned) int { return a.At.Compare(b.At) })
	return list
}

// Warnings lists what in an outlook is probably not intended.
func Warnings(f *File, planned []Planned) []string {
	warnings := silent(f, planned)
	for _, capacity := range slices.Sorted(maps.Keys(f.Capacities)) {
		sku := f.Capacities[capacity]
		here := slices.DeleteFunc(slices.Clone(planned), func(p Planned) bool { return p.Entry.Capacity != capacity })
		if parallel, known := parallelism(sku); known {
			warnings = append(warnings, crowds(capacity, sku, parallel, here)...)
		} else {
			warnings = append(warnings, quotas(here)...)
		}
	}
	return warnings
}

// silent: an entry that is enabled and has nothing to do for as long as Next looks.
func silent(f *File, planned []Planned) []string {
	if len(planned) >= maxPlanned {
		return []string{fmt.Sprintf("only the first %d starts were looked at", maxPlanned)}
	}
	var warnings []string
	for i := range f.Entries {
		e := &f.Entries[i]
		if e.Enabled && len(e.Next(time.Now(), 1)) == 0 {
			warnings = append(warnings, fmt.Sprintf("%s has no slots: do blackout windows cover them all?", e.Name))
		}
	}
	return warnings
}

// crowds: more models in one minute than the capacity refreshes at a time.
func crowds(capacity, sku string, parallel int, planned []Planned) []string {
	var worst []Planned
	minutes, most := 0, parallel
	for len(planned) > 0 {
		minute := planned[0].At
		n := 1
		for n < len(planned) && planned[n].At.Equal(minute) {
			n++
		}
		if models := countModels(planned[:n]); models > parallel {
			minutes++
			if models > most {
				worst, most = planned[:n], models
			}
		}
		planned = planned[n:]
	}
	if minutes == 0 {
		return nil
	}
	at := worst[0].At.In(worst[0].Entry.Timing.zone)
	return []string{fmt.Sprintf("capacity %s: %d models start together at %s, its %s refreshes %d at a time (%d such minutes); give them a spread: %s",
		capacity, most, at.Format("Mon 2 Jan 15:04 MST"), sku, parallel, minutes, strings.Join(entryNames(worst), ", "))}
}

func countModels(planned []Planned) int {
	models := map[machine.Model]bool{}
	for _, p := range planned {
		models[p.Model] = true
	}
	return len(models)
}

func entryNames(planned []Planned) []string {
	names := map[string]bool{}
	for _, p := range planned {
		names[p.Entry.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// quotas: models on shared capacity that would use up their refreshes of a day.
func quotas(planned []Planned) []string {
	starts := map[machine.Model][]Planned{}
	for _, p := range planned {
		starts[p.Model] = append(starts[p.Model], p)
	}
	var warnings []string
	for _, m := range slices.SortedFunc(maps.Keys(starts), func(a, b machine.Model) int { return cmp.Compare(a.String(), b.String()) }) {
		if n := mostInADay(starts[m]); n > sharedPerDay {
			warnings = append(warnings, fmt.Sprintf("model %s on shared capacity is started %d times in 24 hours, Power BI allows %d a day: %s",
				m, n, sharedPerDay, strings.Join(entryNames(starts[m]), ", ")))
		}
	}
	return warnings
}

// mostInADay is the largest number of starts in any 24 hours.
func mostInADay(planned []Planned) int {
	most, first := 0, 0
	for i, p := range planned {
		for !planned[first].At.Add(24 * time.Hour).After(p.At) {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
