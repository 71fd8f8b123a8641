package sim

import "time"

// The time formats of Power BI (seen and documented side by side; all UTC).
const (
	historyLayout = "2006-01-02T15:04:05.999Z"     // history rows: milliseconds, trailing zeros trimmed
	attemptLayout = "2006-01-02T15:04:05.9999999Z" // attempts in the history: up to 7 digits
	detailLayout  = "2006-01-02T15:04:05.999"      // detail: no zone at all
)

// wireTime formats t, or returns "" for the zero time.
func wireTime(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}
