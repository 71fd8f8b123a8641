package hostlog

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"
)

func manyAttrs(n int) []slog.Attr {
	attrs := make([]slog.Attr, n)
	for i := range attrs {
		attrs[i] = slog.Int(fmt.Sprintf("attribute-%d", i), i)
	}
	return attrs
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxLine)
	tests := []struct {
		name    string
		message string
		attrs   []slog.Attr
		dropped bool
		cut     []string // members that carry the mark
		kept    map[string]any
	}{
		{name: "long message", message: long, attrs: []slog.Attr{slog.Int("n", 7)}, cut: []string{"msg"}, kept: map[string]any{"n": 7.0}},
		{name: "long string", message: "m", attrs: []slog.Attr{slog.String("s", long)}, cut: []string{"s"}, kept: map[string]any{"msg": "m"}},
		{name: "long any", message: "m", attrs: []slog.Attr{slog.Any("s", []string{long})}, cut: []string{"s"}, kept: map[string]any{"msg": "m"}},
		{name: "warn grows", message: strings.Repeat("warn", MaxLine/4-16), cut: []string{"msg"}},
		{name: "control characters grow", message: strings.Repeat("\x01", MaxLine), cut: []string{"msg"}},
		{name: "many attributes", message: "m", attrs: manyAttrs(1000), dropped: true, kept: map[string]any{"msg": "m"}},
		{name: "long key", message: "m", attrs: []slog.Attr{slog.Int(long, 1)}, dropped: true, kept: map[string]any{"msg": "m"}},
		{name: "both", message: long, attrs: manyAttrs(1000), dropped: true, cut: []string{"msg"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, logger := newConsole(nil)
			ctx := WithInvocation(t.Context(), "8d2f")
			logger.LogAttrs(ctx, slog.LevelError, tt.message, tt.attrs...)
			if c.err.Len() > MaxLine {
				t.Errorf("line has %d bytes, more than %d", c.err.Len(), MaxLine)
			}
			object := decode(t, c.err.Bytes())
			if object["level"] != "ERROR" || object["invocationId"] != "8d2f" {
				t.Errorf("level or invocation lost: %v", object)
			}
			if _, dropped := object["attributesDropped"]; dropped != tt.dropped {
				t.Errorf("attributesDropped = %v, want %v", dropped, tt.dropped)
			}
			for _, key := range tt.cut {
				if s, _ := object[key].(string); !strings.HasSuffix(s, " bytes cut]") {
					t.Errorf("%s carries no mark: %.40q", key, s)
				}
			}
			for key, want := range tt.kept {
				if object[key] != want {
					t.Errorf("%s = %v, want %v", key, object[key], want)
				}
			}
		})
	}
}

func TestLineAtTheLimitIsKept(t *testing.T) {
	t.Parallel()
	frame := len(`{"level":"INFO","msg":""}` + "\n")
	for _, extra := range []int{0, 1} {
		c, logger := newConsole(nil)
		logger.Info(strings.Repeat("x", MaxLine-frame+extra))
		marked := strings.Contains(c.out.String(), "bytes cut]")
		if marked != (extra > 0) {
			t.Errorf("%d bytes over the limit: cut = %v", extra, marked)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	if got := cut(strings.Repeat("a", maxValue)); len(got) != maxValue {
		t.Errorf("a value of the greatest length was cut to %d bytes", len(got))
	}
	got := cut(strings.Repeat("a", maxValue-1) + "\u00e9tail")
	if want := strings.Repeat("a", maxValue-1) + "...[6 bytes cut]"; got != want {
		t.Errorf("cut inside a character: %q", got[maxValue-4:])
	}
}

func FuzzErrorLine(f *testing.F) {
	for _, seed := range []string{"", "warn", "\\warn", "\xff\xfewarn", "\r\n", "\\u0077arn", "W\u0000aRn"} {
		f.Add(seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, message, key, value string) {
		c, logger := newConsole(nil)
		logger.LogAttrs(WithInvocation(t.Context(), value), slog.LevelError, message, slog.String(key, value))
		line := c.err.String()
		if strings.Contains(strings.ToLower(line), "warn") {
			t.Errorf("the host would take this for a warning: %q", line)
		}
		if len(line) > MaxLine || strings.Count(line, "\n") != 1 || strings.Contains(line, "\r") || !json.Valid([]byte(line)) {
			t.Errorf("not one short JSON line: %q", line)
		}
		if key == "msg" || !utf8.ValidString(message) || len(line) > MaxLine/2 {
			return
		}
		if got := decode(t, []byte(line))["msg"]; got != message {
			t.Errorf("msg = %q, want %q", got, message)
		}
	})
}
