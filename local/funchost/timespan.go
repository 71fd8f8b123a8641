package funchost

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timeSpan is .NET's TimeSpan in text: [d.]hh:mm[:ss[.fffffff]], or whole days.
var timeSpan = regexp.MustCompile(`^(?:(\d{1,5})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$|^(\d{1,5})$`)

// parseTimeSpan is stricter than .NET in one thing: "24:00:00", which .NET takes
// for 24 days, is refused.
func parseTimeSpan(text string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no TimeSpan, want [d.]hh:mm:ss", text)
	}
	hours, minutes, seconds := number(m[2]), number(m[3]), number(m[4])
	if hours > 23 || minutes > 59 || seconds > 59 {
		return 0, fmt.Errorf("%q is no TimeSpan: hours end at 23, minutes and seconds at 59", text)
	}
	days := number(m[1]) + number(m[6])
	ticks := number((m[5] + "0000000")[:7]) // 100 ns each
	return days*24*time.Hour + hours*time.Hour + minutes*time.Minute +
		seconds*time.Second + ticks*100*time.Nanosecond, nil
}

// number reads digits that the expression has checked; none is 0.
func number(digits string) time.Duration {
	n, _ := strconv.Atoi(strings.TrimLeft(digits, "0"))
	return time.Duration(n)
}
