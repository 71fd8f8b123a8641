package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// entries are entries that differ in their model, with these members.
func entries(n int, members string) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"m%02d":`, i)+strings.Replace(entryText(members), "229", fmt.Sprintf("2%02d", i), 1))
	}
	return strings.Join(list, ",")
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		what, text string
		want       []string
	}{
		{"as many as fit", `{"capacities":{"c":"F8"},"schedules":{` + entries(5, `"cron":"0 6 * * *","capacity":"c"`) + `}}`, nil},
		{"one too many", `{"capacities":{"c":"F8"},"schedules":{` + entries(6, `"cron":"0 6 * * *","capacity":"c"`) + `}}`,
			[]string{"capacity c: 6 models start together at Mon 4 May 06:00 UTC, its F8 refreshes 5 at a time (7 such minutes); give them a spread: m00, m01, m02, m03, m04, m05"}},
		{"spread", `{"capacities":{"c":"F8"},"schedules":{` + entries(6, `"cron":"0 6 * * *","capacity":"c","spread":"2h"`) + `}}`, nil},
		{"no capacity named", `{"capacities":{"c":"F2"},"schedules":{` + entries(6, `"cron":"0 6 * * *"`) + `}}`, nil},
		{"disabled", `{"capacities":{"c":"F2"},"schedules":{` + entries(6, `"cron":"0 6 * * *","capacity":"c","enabled":false`) + `}}`, nil},
		{"the same model twice is one", `{"capacities":{"c":"F2"},"schedules":{"a":` + entryText(`"cron":"0 6 * * *","capacity":"c"`) + `,"b":` +
			entryText(`"cron":"0 6 * * *","capacity":"c"`) + `}}`, nil},
		{"eight a day", `{"capacities":{"c":"shared"},"schedules":{"e":` + entryText(`"every":"3h","capacity":"c"`) + `}}`, nil},
		{"nine a day", `{"capacities":{"c":"shared"},"schedules":{"a":` + entryText(`"every":"3h","capacity":"c"`) + `,"b":` + entryText(`"cron":"30 12 * * fri","capacity":"c"`) + `}}`,
			[]string{"model " + model().String() + " on shared capacity is started 9 times in 24 hours, Power BI allows 8 a day: a, b"}},
		{"never", `{"schedules":{"e":` + entryText(`"every":"1h","blackout":[{"from":"00:00","to":"24:00"}]`) + `}}`,
			[]string{"e has no slots: do blackout windows cover them all?"}},
	} {
		f := mustParse(t, tc.text)
		if got := Warnings(f, Outlook(f, utc(t, "2026-05-04T00:00"), 7*24*time.Hour)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q", tc.what, got, tc.want)
		}
	}
}

func TestOutlook(t *testing.T) {
	t.Parallel()
	f := mustParse(t, `{"schedules":{`+entries(3, `"every":"6h","spread":"90m","jitter":"30m"`)+`}}`)
	from := utc(t, "2026-05-04T00:00")
	planned := Outlook(f, from, 24*time.Hour)
	if len(planned) != 12 || !slices.IsSortedFunc(planned, func(a, b Planned) int { return a.At.Compare(b.At) }) {
		t.Errorf("%d starts", len(planned))
	}
	for _, p := range planned {
		if slot := p.At.Truncate(6 * time.Hour); !p.At.Equal(p.Entry.Start(p.Model, slot)) {
			t.Errorf("%s at %v is no start", p.Entry.Name, p.At)
		}
	}
	busy := mustParse(t, `{"schedules":{`+entries(60, `"every":"1m"`)+`}}`)
	planned = Outlook(busy, from, 7*24*time.Hour)
	if len(planned) < maxPlanned || len(planned) > maxPlanned+60*10081 {
		t.Errorf("%d starts", len(planned))
	}
	if w := Warnings(busy, planned); len(w) != 1 || !strings.Contains(w[0], "only the first") {
		t.Errorf("%q", w)
	}
}
