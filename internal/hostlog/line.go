package hostlog

import (
	"bytes"
	"fmt"
	"log/slog"
	"unicode/utf8"
)

// MaxLine is the length in bytes, with its newline, that no line exceeds.
const MaxLine = 8 << 10

// maxValue is the length in bytes to which the values of a too long line are
// cut. JSON may write a byte as six ("\u0001"), so that a line of two values
// (message and invocation id) always fits.
const maxValue = 512

// cutValue shortens what a value prints as. Numbers, times and the like are
// short already.
func cutValue(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(cut(a.Value.String()))
	case slog.KindAny:
		if _, ok := a.Value.Any().(slog.Level); !ok {
			a.Value = slog.StringValue(cut(fmt.Sprintf("%+v", a.Value.Any())))
		}
	default:
	}
	return a
}

func cut(s string) string {
	if len(s) <= maxValue {
		return s
	}
	end := maxValue
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s...[%d bytes cut]", s[:end], len(s)-end)
}

// hideWarn keeps the host from taking an error for a warning. The line is JSON,
// and letters outside JSON strings spell only true, false and null, so the
// escape always lands inside a string.
func hideWarn(line []byte) []byte {
	var out bytes.Buffer
	for i, c := range line {
		if (c == 'w' || c == 'W') && i+4 <= len(line) && bytes.EqualFold(line[i:i+4], []byte("warn")) {
			fmt.Fprintf(&out, `\u%04x`, c)
			continue
		}
		out.WriteByte(c)
	}
	return out.Bytes()
}
