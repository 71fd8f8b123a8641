package history

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

const (
	timePrefix   = "history/time/"
	modelsPrefix = "history/models/"
	daysPrefix   = "history/days/"
)

// lastSecond is what seconds are subtracted from.
const lastSecond = 24*60*60 - 1

// digits returns a day, counted backwards: each digit of its date subtracted from 9.
func digits(t time.Time) string {
	year, month, day := t.UTC().Date()
	return fmt.Sprintf("%08d", 99_999_999-(year*10_000+int(month)*100+day))
}

// bucket returns the prefix of the keys of some minutes around a time: its day, and the first
// two of the five digits of its second.
func bucket(t time.Time) string { return key(t, "")[:len("yyyymmdd/ss")] }

// before returns the prefix of the times that come before all those of a prefix: of the rest
// of the hours of a day, then of the days before, up to ten, of the rest of the month, of the
// year, and so on. It returns an empty prefix at the year 2000.
func before(prefix string) string {
	prefix = strings.TrimRight(prefix, "9/")
	if len(prefix) < 2 {
		return ""
	}
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}

// key returns the part of a name that says which operation it is.
func key(created time.Time, id string) string {
	created = created.UTC()
	hour, minute, second := created.Clock()
	return fmt.Sprintf("%s/%05d/%s", digits(created), lastSecond-(hour*3600+minute*60+second), id)
}

// keyPattern has the alphabet of operation ids.
var keyPattern = regexp.MustCompile(`^([0-9]{8})/([0-9]{5})/([0-9a-f-]{36})_([0-9a-f-]{36})_([0-9a-z]+_[0-9]+)$`)

// parseKey returns the operation of a key; false if the key is not one of this package's.
func parseKey(k string) (Entry, bool) {
	m := keyPattern.FindStringSubmatch(k)
	if m == nil {
		return Entry{}, false
	}
	var day, second int
	if _, err := fmt.Sscanf(m[1]+" "+m[2], "%d %d", &day, &second); err != nil || second > lastSecond {
		return Entry{}, false
	}
	date := 99_999_999 - day
	midnight := time.Date(date/10_000, time.Month(date/100%100), date%100, 0, 0, 0, 0, time.UTC)
	if digits(midnight) != m[1] { // such as the 32nd
		return Entry{}, false
	}
	return Entry{
		WorkspaceID: m[3], DatasetID: m[4], ID: m[3] + "_" + m[4] + "_" + m[5],
		Created: midnight.Add(time.Duration(lastSecond-second) * time.Second),
	}, true
}

// modelPrefix returns the prefix of one model.
func modelPrefix(workspace, dataset string) string {
	return modelsPrefix + strings.ToLower(workspace) + "/" + strings.ToLower(dataset) + "/"
}
