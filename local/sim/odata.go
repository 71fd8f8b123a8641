package sim

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// selectGroups applies $filter, $skip and $top of GET /groups (documented: swagger, Get Groups). ok is false for a query that
// it cannot parse: ignoring it would return the wrong workspace.
func selectGroups(rows []groupRow, q url.Values) (selected []groupRow, ok bool) {
	top, skip := len(rows), 0
	for name, n := range map[string]*int{"$top": &top, "$skip": &skip} {
		if !q.Has(name) {
			continue
		}
		v, err := strconv.Atoi(q.Get(name))
		if err != nil || v < 0 || name == "$top" && v == 0 {
			return nil, false
		}
		*n = v
	}
	selected = []groupRow{}
	for _, row := range rows {
		match, readable := matches(row, q.Get("$filter"))
		if !readable {
			return nil, false
		}
		if match {
			selected = append(selected, row)
		}
	}
	selected = selected[min(skip, len(selected)):]
	return selected[:min(top, len(selected))], true
}

// matches evaluates a filter in the forms that clients send: comparisons and contains, joined by or and and.
func matches(row groupRow, filter string) (match, readable bool) {
	if strings.TrimSpace(filter) == "" {
		return true, true
	}
	for _, either := range joinedBy(filter, "or") {
		all := true
		for _, term := range joinedBy(either, "and") {
			holds, ok := compare(row, term)
			if !ok {
				return false, false
			}
			all = all && holds
		}
		match = match || all
	}
	return match, true
}

// joinedBy splits outside of quoted text.
func joinedBy(filter, word string) []string {
	var parts []string
	last, quoted := 0, false
	for i := range len(filter) {
		if filter[i] == '\'' {
			quoted = !quoted
		}
		if !quoted && strings.HasPrefix(strings.ToLower(filter[i:]), " "+word+" ") {
			parts = append(parts, filter[last:i])
			last = i + len(word) + 2
		}
	}
	return append(parts, filter[last:])
}

var (
	comparison  = regexp.MustCompile(`(?i)^\(?\s*(tolower\()?(name|id|capacityid|isondedicatedcapacity|isreadonly)\)?\s+(eq|ne)\s+('(?:[^']|'')*'|true|false|[0-9a-f-]{36})\s*\)?$`)
	containment = regexp.MustCompile(`(?i)^\(?\s*(contains|startswith)\(\s*(tolower\()?name\)?\s*,\s*'((?:[^']|'')*)'\s*\)\s*\)?$`)
)

func compare(row groupRow, term string) (holds, readable bool) {
	term = strings.TrimSpace(term)
	if m := containment.FindStringSubmatch(term); m != nil {
		name, part := strings.ToLower(row.Name), strings.ToLower(unquoted(m[3]))
		if strings.EqualFold(m[1], "startswith") {
			return strings.HasPrefix(name, part), true
		}
		return strings.Contains(name, part), true
	}
	m := comparison.FindStringSubmatch(term)
	if m == nil {
		return false, false
	}
	have := map[string]string{
		"name": row.Name, "id": row.ID, "capacityid": row.CapacityID,
		"isondedicatedcapacity": strconv.FormatBool(row.Dedicated), "isreadonly": strconv.FormatBool(row.ReadOnly),
	}[strings.ToLower(m[2])]
	equal := strings.EqualFold(have, unquoted(strings.Trim(m[4], "'")))
	return equal == strings.EqualFold(m[3], "eq"), true
}

func unquoted(s string) string { return strings.ReplaceAll(s, "''", "'") }
