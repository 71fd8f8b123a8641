package schedule

import (
	"errors"
	"strings"
	"testing"

	"pbirefresh/internal/httpjson"
)

// TestCharsets: a byte order mark is skipped, and another encoding is named.
func TestCharsets(t *testing.T) {
	t.Parallel()
	if _, err := parseText([]byte("\ufeff{\"schedules\":{}}")); err != nil {
		t.Errorf("a byte order mark: got %v, want no error", err)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"UTF-16, little endian": {"\xff\xfe{\x00}\x00", "UTF-16"},
		"UTF-16, big endian":    {"\xfe\xff\x00{\x00}", "UTF-16"},
		"Windows-1252":          {"{\"schedules\":{\"Verk\xe4ufe\":{}}}", "UTF-8"},
	} {
		_, err := parseText([]byte(tt.text))
		var wrong *httpjson.Error
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Reason, tt.want) {
			t.Errorf("%s: got %v, want a reason that names %s", name, err, tt.want)
		}
	}
}
