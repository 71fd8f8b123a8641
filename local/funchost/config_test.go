package funchost

import (
	"slices"
	"testing"
	"time"
)

func TestParseTimeSpan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Duration // -1: refused
	}{
		{"00:05:00", 5 * time.Minute},
		{"00:00:30", 30 * time.Second},
		{"01:30", 90 * time.Minute},
		{"1.02:03:04", 26*time.Hour + 3*time.Minute + 4*time.Second},
		{"00:00:00.5", 500 * time.Millisecond},
		{"00:00:00.0000001", 100 * time.Nanosecond},
		{"0:0:9", 9 * time.Second},
		{"3", 72 * time.Hour},
		{"23:59:59", 24*time.Hour - time.Second},
		{"24:00:00", -1},
		{"00:60:00", -1},
		{"00:00:60", -1},
		{"-00:01:00", -1},
		{"5m", -1},
		{"", -1},
		{"00:00:00.12345678", -1},
		{"99999999999999999999", -1},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := parseTimeSpan(tt.text)
			if (err != nil) != (tt.want < 0) || err == nil && got != tt.want {
				t.Errorf("parseTimeSpan = %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c, err := parseConfig([]byte(`{"A":{"b":[1,"two",{"C":true}],"n":null},"big":104857600}`))
	if err != nil {
		t.Fatal(err)
	}
	c.override(map[string]string{"AZUREfunctionsjobhost__a__B__1": "over", "Unrelated__a": "x", overridePrefix: "x"})
	if got := c.list("a:B"); !slices.Equal(got, []string{"1", "over"}) {
		t.Errorf("list = %q", got)
	}
	if b, err := c.flag("a:b:2:c", false); err != nil || !b {
		t.Errorf("flag = %v, %v", b, err)
	}
	if got := c.text("BIG"); got != "104857600" {
		t.Errorf("number = %q", got)
	}
	if c.has("a:n") || !c.has("a:b") || c.has("a:") || c.has("unrelated") {
		t.Errorf("has: null and foreign settings must not be there: %v", c)
	}
	if len(c) != 4 {
		t.Errorf("got %d values, want 4: %v", len(c), c)
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "[]", "{", `{"a":1}{`, `{"a":1} x`, "null x"} {
		if c, err := parseConfig([]byte(document)); err == nil {
			t.Errorf("%q accepted: %v", document, c)
		}
	}
	c := config{"flag": "perhaps", "time": "soon"}
	if _, err := c.flag("flag", true); err == nil {
		t.Error("a bad flag is accepted")
	}
	if _, err := c.duration("time", 0); err == nil {
		t.Error("a bad time is accepted")
	}
}

func FuzzParseTimeSpan(f *testing.F) {
	f.Add("1.02:03:04.5")
	f.Add("::")
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := parseTimeSpan(text); err == nil && d < 0 {
			t.Errorf("%q = %v", text, d)
		}
	})
}
