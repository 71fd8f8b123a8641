package powerbi

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Problem is one thing that is wrong with a [RefreshRequest].
type Problem struct {
	Field   string      // JSON path, such as objects[2].table
	Code    ProblemCode // the kind
	Message string      // what is wrong and how to correct it
}

// ProblemCode is the kind of a problem.
type ProblemCode string

// The kinds of problems.
const (
	// ProblemValue: the API does not accept the value.
	ProblemValue ProblemCode = "InvalidValue"
	// ProblemMissing: a required member is missing.
	ProblemMissing ProblemCode = "Missing"
	// ProblemCombination: two members exclude each other.
	ProblemCombination ProblemCode = "InvalidCombination"
	// ProblemLimit: a value, or a product of values, is too large.
	ProblemLimit ProblemCode = "OverLimit"
)

const (
	// defaultTimeout and maxTotal are documented: an attempt takes at most 5 hours
	// unless timeout says otherwise, all attempts together at most 24.
	defaultTimeout = 5 * time.Hour
	maxTotal       = 24 * time.Hour
	// The API's numbers are 32-bit (documented: the swagger's int32).
	maxInt = math.MaxInt32
	// maxProblems is enough for a person to correct, and bounds what a hostile request costs.
	maxProblems = 20
)

// Validate finds what Power BI certainly rejects, at once or in the middle of the refresh (PartialBatch with a refresh policy is accepted and fails later: documented
// sample). What depends on the model, is redundant or has no effect passes: each sample of
// Microsoft's documentation does. It returns at most 20 problems, and nil for none.
func (r RefreshRequest) Validate() []Problem {
	var p problems
	p.word("notifyOption", r.NotifyOption, notifyOptions())
	p.word("type", r.Type, refreshTypes())
	p.word("commitMode", r.CommitMode, commitModes())
	p.between("maxParallelism", r.MaxParallelism, 0, maxInt)
	p.between("retryCount", r.RetryCount, 0, maxInt)
	p.objects(r.Objects)
	p.policy(r)
	p.date(r)
	p.timeout(r)
	return p
}

type problems []Problem

func (p *problems) add(field string, code ProblemCode, format string, args ...any) {
	if len(*p) < maxProblems {
		*p = append(*p, Problem{field, code, fmt.Sprintf(format, args...)})
	}
}

func (p *problems) word(field, value string, allowed []string) {
	if strings.TrimSpace(value) != "" && !slices.Contains(allowed, spell(allowed, value)) {
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

// policy: PartialBatch must not meet a refresh policy, and the default is to apply it
// (documented). A named partition needs applyRefreshPolicy false only if its table has a
// policy (seen: gbrueckl/PowerBI-VSCode#27 and #33), which is not known here;
// Microsoft's own sample has partitions without it.
func (p *problems) policy(r RefreshRequest) {
	if off := r.ApplyRefreshPolicy != nil && !*r.ApplyRefreshPolicy; !off && spell(commitModes(), r.CommitMode) == "PartialBatch" {
		p.add("applyRefreshPolicy", ProblemCombination, "commitMode PartialBatch needs applyRefreshPolicy false (its default is true)")
	}
}

func (p *problems) date(r RefreshRequest) {
	if strings.TrimSpace(r.EffectiveDate) != "" && !validDate(r.EffectiveDate) {
		p.add("effectiveDate", ProblemValue, "%.40q is not a date such as 2026-05-31 or 2026-05-31T00:00:00Z", r.EffectiveDate)
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
	if strings.TrimSpace(r.Timeout) != "" {
		d, ok := parseTimeout(r.Timeout)
		if !ok || d == 0 {
			p.add("timeout", ProblemValue, "%.40q is not a time of one attempt between 00:00:01 and 23:59:59, written hh:mm:ss", r.Timeout)
			return
		}
		each = d
	}
	if r.RetryCount == nil || *r.RetryCount < 1 {
		return
	}
	// All attempts together must not take longer than a day (documented). In seconds: a
	// product of durations could overflow.
	attempts := int64(*r.RetryCount) + 1
	if attempts*int64(each.Seconds()) <= int64(maxTotal.Seconds()) {
		return
	}
	most := int64(maxTotal/each) - 1
	fits := max(time.Second, maxTotal/time.Duration(attempts))
	if strings.TrimSpace(r.Timeout) == "" {
		p.add("retryCount", ProblemLimit, "%d attempts of 5 hours, the default of timeout, can take more than 24 hours; use a retryCount of at most %d, or a timeout of at most %s",
			attempts, most, Clock(fits))
		return
	}
	p.add("timeout", ProblemLimit, "%d attempts (retryCount and the first) of %s can take more than 24 hours; use a timeout of at most %s, or a retryCount of at most %d",
		attempts, Clock(each), Clock(fits), most)
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

// Clock formats d as the API requires a timeout: hh:mm:ss.
func Clock(d time.Duration) string {
	d = d.Truncate(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}
