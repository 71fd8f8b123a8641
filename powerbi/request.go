package powerbi

import (
	"cmp"
	"slices"
	"strings"
)

// RefreshRequest says what to refresh, in the members and words of the API. The zero
// value is a standard refresh of the whole model. Any member but NotifyOption makes
// it an enhanced refresh, which shared capacity does not take (documented).
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
}

// Object is a table, or one partition of it.
type Object struct {
	Table     string `json:"table"`
	Partition string `json:"partition,omitempty"`
}

// Enhanced tells whether Power BI takes r for an enhanced refresh.
func (r RefreshRequest) Enhanced() bool {
	return r.Type != "" || r.CommitMode != "" || r.MaxParallelism != nil || r.RetryCount != nil ||
		len(r.Objects) > 0 || r.ApplyRefreshPolicy != nil || r.EffectiveDate != "" || r.Timeout != ""
}

// Canonical returns r in the form in which equal requests are equal: words in Power
// BI's spelling, objects sorted and without duplicates. It shares no memory with r.
// A word that is not known stays: see [RefreshRequest.Validate].
func (r RefreshRequest) Canonical() RefreshRequest {
	r.NotifyOption = spell(notifyOptions(), r.NotifyOption)
	r.Type = spell(refreshTypes(), r.Type)
	r.CommitMode = spell(commitModes(), r.CommitMode)
	r.EffectiveDate = strings.TrimSpace(r.EffectiveDate)
	r.Timeout = canonicalTimeout(r.Timeout)
	r.MaxParallelism = cloned(r.MaxParallelism)
	r.RetryCount = cloned(r.RetryCount)
	r.ApplyRefreshPolicy = cloned(r.ApplyRefreshPolicy)
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
		return clock(d)
	}
	return s
}
