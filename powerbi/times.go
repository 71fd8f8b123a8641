package powerbi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// parseTime reads the API's times. History and attempts end in Z, the top level
// of a detail has no zone and means UTC; fractions have 0 to 7 digits (documented
// samples). An offset is accepted as well.
func parseTime(s string) (time.Time, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("powerbi: %.40q is not a time", s)
}

// timestamp is a time on the wire. What cannot be read becomes the zero time
// instead of an error, so that one odd value does not hide a whole history.
type timestamp struct{ time.Time }

// UnmarshalJSON never fails.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	var s string
	t.Time = time.Time{}
	if json.Unmarshal(bytes.TrimSpace(b), &s) == nil {
		t.Time, _ = parseTime(s)
	}
	return nil
}

// serverDate is the answer's Date header: Power BI's clock, to a second. The zero
// time if there is none.
func serverDate(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
