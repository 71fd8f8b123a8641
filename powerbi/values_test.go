package powerbi

import (
	"encoding/json"
	"testing"
)

func TestTolerantValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in     string
		text   text
		flag   flag
		number number
	}{
		{`"abc"`, "abc", false, 0},
		{`null`, "", false, 0},
		{`true`, "true", true, 0},
		{`"True"`, "True", true, 0},
		{`"false"`, "false", false, 0},
		{`12`, "12", false, 12},
		{`"12"`, "12", false, 12},
		{`1.5`, "1.5", false, 0},
		{`{"a":1}`, `{"a":1}`, false, 0},
		{`[]`, `[]`, false, 0},
	} {
		var v struct {
			Text   text
			Flag   flag
			Number number
		}
		v.Flag, v.Number, v.Text = true, 7, "old"
		err := json.Unmarshal([]byte(`{"text":`+tt.in+`,"flag":`+tt.in+`,"number":`+tt.in+`}`), &v)
		if err != nil || v.Text != tt.text || v.Flag != tt.flag || v.Number != tt.number {
			t.Errorf("%s: got %+v, %v", tt.in, v, err)
		}
	}
}

func TestTolerantList(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		`[{"status":"a"},{"status":"b"}]`: 2, `[null,1,"x",[{}],{"status":"b"}]`: 1, `[]`: 0, `null`: 0, `{}`: 0, `"x"`: 0,
	} {
		var l list[wireObject]
		if err := json.Unmarshal([]byte(in), &l); err != nil || len(l) != want {
			t.Errorf("%s: %d, %v", in, len(l), err)
		}
	}
}
