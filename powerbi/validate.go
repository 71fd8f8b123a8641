package powerbi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Problem is one thing that is wrong with a [RefreshRequest].
type Problem struct {
	Field   string      // JSON path, such as objects[2].table
	Code    ProblemCode // the kind
	Message string      // what is wrong and how to put it right
}

// ProblemCode is the kind of a problem.
type ProblemCode string

// The kinds of problems.
const (
	// ProblemValue: the value is not one that the API takes.
	ProblemValue ProblemCode = "InvalidValue"
	// ProblemMissing: something that must be there is not.
	ProblemMissing ProblemCode = "Missing"
	// ProblemCombination: two members do not go together.
	ProblemCombination ProblemCode = "InvalidCombination"
	// ProblemLimit: a value, or a product of values, is too large.
	ProblemLimit ProblemCode = "OverLimit"
)

const (
	// defaultTimeout and maxTotal are documented: an attempt takes at most 5 hours
	// unless timeout says otherwise, all attempts together at most 24.
	defaultTimeout = 5 * time.Hour
	maxTotal       = 24 * time.Hour
	// The caps are ours: what is above is a slip of the keyboard.
	maxRetryCount  = 100
	maxParallelism = 1000
)

// Validate finds all that Power BI would refuse, at once or, worse, in the middle of
// the refresh (PartialBatch with a refresh policy is accepted and fails later:
// documented sample). It looks at r alone, not at the model. No problems: nil.
func (r RefreshRequest) Validate() []Problem {
	var p problems
	p.word("notifyOption", r.NotifyOption, notifyOptions())
	p.word("type", r.Type, refreshTypes())
	p.word("commitMode", r.CommitMode, commitModes())
	p.between("maxParallelism", r.MaxParallelism, 1, maxParallelism)
	p.between("retryCount", r.RetryCount, 0, maxRetryCount)
	p.notify(r)
	p.objects(r.Objects)
	p.policy(r)
	p.date(r)
	p.timeout(r)
	return p
}

type problems []Problem

func (p *problems) add(field string, code ProblemCode, format string, args ...any) {
	*p = append(*p, Problem{field, code, fmt.Sprintf(format, args...)})
}

func (p *problems) word(field, value string, allowed []string) {
	if value != "" && !slices.Contains(allowed, spell(allowed, value)) {
		p.add(field, ProblemValue, "%.40q is not known; use one of %s", value, strings.Join(allowed, ", "))
	}
}

func (p *problems) between(field string, value *int, low, high int) {
	switch {
	case value == nil:
	case *value < low:
		p.add(field, ProblemValue, "%d is too small; use %d or more, or leave it out", *value, low)
	case *value > high:
		p.add(field, ProblemLimit, "%d is too large; use at most %d", *value, high)
	}
}

// notify: to be left out of an enhanced request (documented, though a sample has both).
func (p *problems) notify(r RefreshRequest) {
	if r.NotifyOption != "" && r.Enhanced() {
		p.add("notifyOption", ProblemCombination,
			"notifyOption does not go with other options, which make the refresh an enhanced one; leave it out")
	}
}

func (p *problems) objects(objects []Object) {
	for i, o := range objects {
		if strings.TrimSpace(o.Table) != "" {
			continue
		}
		message := "name a table"
		if o.Partition != "" {
			message = fmt.Sprintf("partition %.80q needs the table that it belongs to", o.Partition)
		}
		p.add(fmt.Sprintf("objects[%d].table", i), ProblemMissing, "%s", message)
	}
}

// policy: PartialBatch must not meet a refresh policy (documented), and neither must
// a named partition (seen: gbrueckl/PowerBI-VSCode#27 and #33). The default is true.
func (p *problems) policy(r RefreshRequest) {
	if r.ApplyRefreshPolicy != nil && !*r.ApplyRefreshPolicy {
		return
	}
	if spell(commitModes(), r.CommitMode) == "PartialBatch" {
		p.add("applyRefreshPolicy", ProblemCombination, "commitMode PartialBatch needs applyRefreshPolicy false (its default is true)")
	}
	for i, o := range r.Objects {
		if o.Partition != "" {
			p.add(fmt.Sprintf("objects[%d].partition", i), ProblemCombination,
				"a named partition needs applyRefreshPolicy false (its default is true)")
		}
	}
}

func (p *problems) date(r RefreshRequest) {
	if r.EffectiveDate == "" {
		return
	}
	if !validDate(r.EffectiveDate) {
		p.add("effectiveDate", ProblemValue, "%.40q is not a date such as 2026-05-31 or 2026-05-31T00:00:00Z", r.EffectiveDate)
	}
	if r.ApplyRefreshPolicy != nil && !*r.ApplyRefreshPolicy {
		p.add("effectiveDate", ProblemCombination,
			"effectiveDate has no effect without the refresh policy; leave it out, or leave out applyRefreshPolicy false")
	}
}

func validDate(s string) bool {
	if _, err := time.Parse(time.DateOnly, strings.TrimSpace(s)); err == nil {
		return true
	}
	_, err := parseTime(s)
	return err == nil
}

func (p *problems) timeout(r RefreshRequest) {
	each := defaultTimeout
	if r.Timeout != "" {
		d, ok := parseTimeout(r.Timeout)
		if !ok || d == 0 {
			p.add("timeout", ProblemValue, "%.40q is not a time of one attempt between 00:00:01 and 23:59:59, written hh:mm:ss", r.Timeout)
			return
		}
		each = d
	}
	if r.RetryCount == nil || *r.RetryCount < 1 || *r.RetryCount > maxRetryCount {
		return
	}
	attempts := time.Duration(*r.RetryCount + 1)
	if attempts*each > maxTotal {
		p.add("timeout", ProblemLimit,
			"%d attempts of %s (timeout, default 5h) can take more than 24 hours; use a timeout of at most %s or a smaller retryCount",
			attempts, each, clock(maxTotal/attempts))
	}
}

// timeoutPattern is documented.
var timeoutPattern = regexp.MustCompile(`^([0-1]?[0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])$`)

func parseTimeout(s string) (time.Duration, bool) {
	m := timeoutPattern.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, false
	}
	d, err := time.ParseDuration(m[1] + "h" + m[2] + "m" + m[3] + "s")
	return d, err == nil
}

// clock writes d as the API wants a timeout.
func clock(d time.Duration) string {
	d = d.Truncate(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}
