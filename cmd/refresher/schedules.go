package main

import (
	"regexp"
	"slices"
	"strings"

	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/schedule"
)

// schedulesFile reads where the schedules are: a file beside host.json, which there need
// not be, or blob:NAME in the state container.
func (r *reader) schedulesFile() string {
	value := r.get("SCHEDULES_FILE")
	name, blob := strings.CutPrefix(value, "blob:")
	if blob && !usableBlob(name) {
		r.problem("SCHEDULES_FILE is wrong: after blob: it wants the name of a blob in the state container, such as blob:schedules.json, " +
			"outside of the folders that the app itself uses")
	}
	return value
}

var blobPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*(/[0-9A-Za-z][0-9A-Za-z._-]*)*$`)

func usableBlob(name string) bool {
	folder, _, _ := strings.Cut(name, "/")
	own := []string{"models", "archive", "keys", "sweep", "callbacks", "schedules", "audit"}
	return blobPattern.MatchString(name) && lease.CheckName(name) == nil && !slices.Contains(own, folder)
}

// scheduleSource is what a setting names.
func scheduleSource(setting string, store lease.Store) schedule.Source {
	name, blob := strings.CutPrefix(setting, "blob:")
	switch {
	case blob:
		return schedule.FromBlob(store, name)
	case setting == "":
		return schedule.FromFile("schedules.json", true)
	}
	return schedule.FromFile(setting, false)
}

// schedules wires what starts refreshes by the clock.
func (a *app) schedules(s settings, coordinator *refresh.Coordinator, read schedule.RequestReader) *schedule.Runner {
	return schedule.New(schedule.Config{
		Store: a.store, Source: scheduleSource(s.schedulesFile, a.store), Read: read,
		Start: a.onRecord(schedule.Keyed(coordinator.Trigger)), Permits: s.allowed.Permits, Logger: a.log,
	})
}
