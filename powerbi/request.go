package powerbi

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// RefreshRequest is a refresh request, in the members and words of the API. The zero
// value is a standard refresh of the whole model. Any member but NotifyOption makes
// it an enhanced refresh, which shared capacity does not support (documented).
type RefreshRequest struct {
	NotifyOption       string   `json:"notifyOption,omitempty"`   // no effect for service principals (documented)
	Type               string   `json:"type,omitempty"`           // default Automatic
	CommitMode         string   `json:"commitMode,omitempty"`     // default Transactional
	MaxParallelism     *int     `json:"maxParallelism,omitempty"` // default 10
	RetryCount         *int     `json:"retryCount,omitempty"`     // Power BI's own repeats, default 0
	Objects            []Object `json:"objects,omitempty"`        // default: the whole model
	ApplyRefreshPolicy *bool    `json:"applyRefreshPolicy,omitempty"`
	EffectiveDate      string   `json:"effectiveDate,omitempty"` // in place of today, for the refresh policy
	Timeout            string   `json:"timeout,omitempty"`       // h:mm:ss of one attempt, default 05:00:00

	Extra map[string]json.RawMessage `json:"-"` // members of newer API versions, sent unchanged
}

// Object is a table, or one partition of it.
type Object struct {
	Table     string `json:"table"`
	Partition string `json:"partition,omitempty"`
}

// Enhanced reports whether Power BI treats r as an enhanced refresh.
func (r RefreshRequest) Enhanced() bool {
	return r.Type != "" || r.CommitMode != "" || r.MaxParallelism != nil || r.RetryCount != nil ||
		len(r.Objects) > 0 || r.ApplyRefreshPolicy != nil || r.EffectiveDate != "" || r.Timeout != "" || len(r.Extra) > 0
}

// ExtraText is Extra as one text, equal for equal members; empty if there are none.
func (r RefreshRequest) ExtraText() string {
	if len(r.Extra) == 0 {
		return ""
	}
	b, err := json.Marshal(r.Extra) // sorts the names, and drops blanks
	if err != nil {
		return ""
	}
	return string(b)
}

// ExtraOf reads what [RefreshRequest.ExtraText] wrote.
func ExtraOf(text string) map[string]json.RawMessage {
	var extra map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &extra) != nil {
		return nil
	}
	return extra
}

// wire is the body of the POST. It includes members of newer API versions. The
// date has a time and a zone: the documentation has dates alone, but the swagger
// date-time, which is RFC 3339. Power BI's own times without a zone are UTC (seen).
func (r RefreshRequest) wire() ([]byte, error) {
	r.EffectiveDate = dateTime(r.EffectiveDate)
	known, err := json.Marshal(r)
	if err != nil || len(r.Extra) == 0 {
		return known, err
	}
	all := maps.Clone(r.Extra)
	if err := json.Unmarshal(known, &all); err != nil { // a known member wins
		return nil, err
	}
	return json.Marshal(all)
}

func dateTime(s string) string {
	s = strings.ToUpper(s)
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Format(time.RFC3339)
	}
	if _, err := time.Parse(time.RFC3339, s); err != nil && s != "" {
		return s + "Z"
	}
	return s
}

// Canonical returns r in a form in which equivalent requests are equal: words in Power
// BI's spelling, objects sorted and without duplicates. It shares no memory with r.
// An unknown word stays: see [RefreshRequest.Validate].
func (r RefreshRequest) Canonical() RefreshRequest {
	r.NotifyOption = spell(notifyOptions(), r.NotifyOption)
	r.Type = spell(refreshTypes(), r.Type)
	r.CommitMode = spell(commitModes(), r.CommitMode)
	r.EffectiveDate = strings.TrimSpace(r.EffectiveDate)
	r.Timeout = canonicalTimeout(r.Timeout)
	r.MaxParallelism = cloned(r.MaxParallelism)
	r.RetryCount = cloned(r.RetryCount)
	r.ApplyRefreshPolicy = cloned(r.ApplyRefreshPolicy)
	r.Extra = maps.Clone(r.Extra)
	r.Objects = slices.Clone(r.Objects)
	slices.SortFunc(r.Objects, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Partition, b.Partition))
	})
	r.Objects = slices.Compact(r.Objects)
	if len(r.Objects) == 0 {
		r.Objects = nil
	}
	return r
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

func notifyOptions() []string { return []string{"NoNotification", "MailOnFailure", "MailOnCompletion"} }

func refreshTypes() []string {
	return []string{"Full", "ClearValues", "Calculate", "DataOnly", "Automatic", "Defragment"}
}

func commitModes() []string { return []string{"Transactional", "PartialBatch"} }

// spell: the documentation itself writes both Full and full.
func spell(words []string, value string) string {
	value = strings.TrimSpace(value)
	for _, w := range words {
		if strings.EqualFold(w, value) {
			return w
		}
	}
	return value
}

// canonicalTimeout pads the hour: 5:00:00 and 05:00:00 are the same.
func canonicalTimeout(s string) string {
	s = strings.TrimSpace(s)
	if d, ok := parseTimeout(s); ok {
		return Clock(d)
	}
	return s
}
