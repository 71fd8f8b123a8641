package schedule

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/refresh/machine"
)

func TestParseFullFile(t *testing.T) {
	t.Parallel()
	f := mustParse(t, readTestdata(t, "full.jsonc"))
	if len(f.Entries) != 2 || f.Version != Version([]byte(readTestdata(t, "full.jsonc"))) || f.Capacities["main"] != "F64" {
		t.Fatalf("%+v", f)
	}
	e := f.Entries[0]
	if e.Name != "sales-morning" || !e.Enabled || e.CatchUp != CatchUpOnce || e.Grace != 2*time.Hour || e.Spread != 20*time.Minute ||
		e.Jitter != 5*time.Minute || e.Capacity != "main" || e.Labels["cost center"] != "4711" || len(e.blackouts) != 2 {
		t.Errorf("%+v", e)
	}
	if got := e.Timing.String(); got != "30 6 * * mon-fri | 0 8 * * sat; Europe/Berlin" {
		t.Errorf("timing %q", got)
	}
	if len(e.Requests) != 2 || e.Requests[0].Model != model() || e.Requests[1].Model.DatasetID != strings.Replace(dataset, "229", "230", 1) {
		t.Errorf("models %+v: ids are lower case", e.Requests)
	}
	if a := e.Requests[1].Ask; a.Shape.Kind != machine.Enhanced || a.Timeout != 3*time.Hour || a.MaxAttempts != 2 {
		t.Errorf("%+v", a)
	}
	short := f.Entries[1]
	want := Entry{Name: "stock", Enabled: true, CatchUp: CatchUpSkip, Grace: 6 * time.Hour, Requests: short.Requests, blackouts: short.blackouts,
		Timing: Timing{every: 2 * time.Hour, zone: time.UTC, text: "every 2h"}}
	if !reflect.DeepEqual(short, want) || len(short.blackouts) != 1 {
		t.Errorf("the shortest entry: %+v", short)
	}
}

func TestParseWrongFiles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		says []string // all problems, each by a part of it
	}{
		{``, []string{"1:1: the file is not JSON: the file ends early"}},
		{`[]`, []string{"must be an object", "schedules: is missing"}},
		{`{}`, []string{`1:1: schedules: is missing`}},
		{`{"schedules":[]}`, []string{"schedules: must be an object"}},
		{"{\n  \"schedules\": {}\n} x", []string{"3:3: the file is not JSON"}},
		{"{\n  \"schedules\": {\n", []string{"3:1: the file is not JSON: the file ends early"}},
		{"{\n \"schedules\": {} /* no end\n", []string{"2:18: the file is not JSON: the comment that begins here has no end"}},
		{"{\"schedules\":{},,}", []string{"not JSON"}},
		{"{,}", []string{"not JSON"}},
		{"{\"schedules\":{}}\xff", []string{"not UTF-8"}},
		{strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100), []string{"1:17: the file is not JSON: it is nested more than 16 deep"}},
		{strings.Repeat(`[`, 100), []string{"ends early"}},
		{"{\n \"schedules\": {\"é\": {} \"f\": 1}}", []string{"2:24: the file is not JSON: invalid character"}},
		{strings.Repeat(` `, maxText+1), []string{"larger than 256 KiB"}},
		{`{"schedules":{},"Schedules":{}}`, []string{"1:17: Schedules: is not known here: it is written schedules; known are $schema, capacities, blackout, schedules"}},
		{`{"schedules":{},"schedule":{}}`, []string{"1:17: schedule: is not known here; known are $schema, capacities, blackout, schedules"}},
		{`{"schedules":{},"schedules":{}}`, []string{"schedules: is there twice"}},
		{`{"schedules":{"e":1}}`, []string{"schedules.e: must be an object", "cron: is missing", "workspaceId", "datasetId"}},
		{`{"schedules":{"my entry":` + entryText(`"every":"1h"`) + `}}`, []string{`"my entry" is no name`}},
		{`{"schedules":{"e":{"every":"1h"}}}`, []string{"schedules.e.datasetId: is missing: say the GUID", "schedules.e.workspaceId: is missing: say the GUID"}},
		{`{"schedules":{"e":{"every":"1h","workspaceId":"sales","datasetId":""}}}`, []string{"schedules.e.workspaceId: must be the GUID", "schedules.e.datasetId: is empty"}},
		{fileText(`"every":"1h","models":[]`), []string{"from 1 to 100", "workspaceId: goes without models", "datasetId: goes without models"}},
		{`{"schedules":{"e":{"every":"1h","models":[{"workspaceId":"x","datasetId":"` + dataset + `"},7]}}}`,
			[]string{"models[0].workspaceId", "models[1]: must be an object", "models[1].workspaceId", "models[1].datasetId"}},
		{`{"schedules":{"e":{"every":"1h","models":[` + entryText(`"x":1`) + `,` + strings.Replace(entryText(`"y":1`), `,"y":1`, ``, 1) + `]}}}`,
			[]string{"models[0].x: is not known", "models[1].datasetId: names a model that is there already"}},
		{fileText(`"enabled":"yes","every":"1h"`), []string{"enabled: must be true or false"}},
		{fileText(`"enabled":1,"every":"1h"`), []string{"enabled: must be true or false"}},
		{fileText(`"timeZone":"UTC"`), []string{"cron: is missing"}},
		{fileText(`"cron":"* * * * *","every":"1h"`), []string{"every: goes without cron"}},
		{fileText(`"cron":[]`), []string{"cron: is empty"}},
		{fileText(`"cron":["0 6 * * *","0 25 * * *",5]`), []string{`hour "25"`, "cron: must be a string"}},
		{fileText(`"cron":"0 6 * *"`), []string{"five fields"}},
		{fileText(`"cron":[` + strings.Repeat(`"0 6 * * *",`, 13) + `]`), []string{"more than 12"}},
		{fileText(`"every":"90s"`), []string{"every: must be whole minutes from 1m to 24h"}},
		{fileText(`"every":"0m"`), []string{"from 1m"}},
		{fileText(`"every":""`), []string{"every: is empty"}},
		{fileText(`"every":60`), []string{"every: must be a string"}},
		{fileText(`"cron":"0 6 * * *","timeZone":"Berlin"`), []string{"such as Europe/Berlin"}},
		{fileText(`"cron":"0 6 * * *","timeZone":"Local"`), []string{"timeZone"}},
		{fileText(`"cron":"0 6 * * *","timeZone":"../etc/passwd"`), []string{"timeZone"}},
		{fileText(`"cron":"0 6 * * *","timeZone":"W. Europe Standard Time"`), []string{"is a name of Windows: write Europe/Berlin"}},
		{fileText(`"every":"1h","catchUp":"always"`), []string{"catchUp: must be one of skip, once"}},
		{fileText(`"every":"1h","grace":"1h"`), []string{"grace: goes with catchUp once"}},
		{fileText(`"every":"1h","catchUp":"once","grace":"5m"`), []string{"from 10m to 72h"}},
		{fileText(`"every":"1h","spread":"5h","jitter":"30s"`), []string{"spread: must be", "jitter: must be"}},
		{fileText(`"every":"1h","jitter":"61m"`), []string{"jitter: is longer than every"}},
		{fileText(`"every":"1h","capacity":"x"`), []string{"capacity: \"x\" is not among the capacities"}},
		{fileText(`"every":"1h","labels":{"a":1}`), []string{"labels.a: must be a string"}},
		{fileText(`"every":"1h","labels":{"a":"` + strings.Repeat("x", 257) + `"}`), []string{"labels.a: is too long"}},
		{fileText(`"every":"1h","labels":[]`), []string{"labels: must be an object"}},
		{fileText(`"every":"1h","blackout":{}`), []string{"blackout: must be an array"}},
		{fileText(`"every":"1h","blackout":[{"from":"8:00","to":"9:00"}]`), []string{"blackout[0].from: a window needs"}},
		{fileText(`"every":"1h","blackout":[{"from":"08:00","to":"08:00"}]`), []string{"a window needs"}},
		{fileText(`"every":"1h","blackout":[{"from":"08:00","to":"2026-01-01"}]`), []string{"a window needs"}},
		{fileText(`"every":"1h","blackout":[{"from":"2026-02-30","to":"2026-03-01"}]`), []string{"a window needs"}},
		{fileText(`"every":"1h","blackout":[{"from":"2026-03-02","to":"2026-03-01"}]`), []string{"ends before it begins"}},
		{fileText(`"every":"1h","blackout":[{"from":"2026-03-01","to":"2026-03-02","days":["mon"]}]`), []string{"days go with times"}},
		{fileText(`"every":"1h","blackout":[{"from":"08:00","to":"09:00","days":["monday"],"x":1}]`), []string{"is no day", "x: is not known"}},
		{fileText(`"every":"1h","timeout":null,"kind":""`), []string{"timeout: is empty", "kind: is empty"}},
		{fileText(`"every":"1h","options":{"type":null,"objects":[{"table":""}]}`), []string{"options.type: is empty", "objects[0].table: is empty"}},
		{fileText(`"every":"1h","timeout":"soon"`), []string{"schedules.e.timeout: timeout must be a duration"}},
		{fileText(`"every":"1h","options":{"objects":[{"table":"a"},{}]}`), []string{"schedules.e.options.objects[1].table: name a table"}},
		{`{"capacities":{"a":"S9","b":"F64"},"schedules":{}}`, []string{"capacities.a: \"S9\" is no SKU"}},
		{`{"capacities":[],"schedules":{}}`, []string{"capacities: must be an object"}},
		{`{"blackout":[{}],"schedules":{}}`, []string{"blackout[0].from: a window needs"}},
	} {
		_, err := Parse([]byte(tc.text), readRequest)
		var wrong *FileError
		if !errors.As(err, &wrong) {
			t.Errorf("%.200s: %v, want %q", tc.text, err, tc.says)
			continue
		}
		if len(wrong.Problems) != len(tc.says) {
			t.Errorf("%.200s: %d problems, want %d:\n%v", tc.text, len(wrong.Problems), len(tc.says), err)
		}
		for _, says := range tc.says {
			if !slices.ContainsFunc(wrong.Problems, func(p Problem) bool { return strings.Contains(p.String(), says) }) {
				t.Errorf("%.200s: no word of %q in\n%v", tc.text, says, err)
			}
		}
	}
}

// A problem stands where an editor finds it, comments, marks and long letters or not.
func TestProblemsStandAtTheirLine(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbf// ü\r\n{ /* two\r\n lines */ \"schedules\": {\r\n  \"e\": { \"labels\": {\"ä\": \"ö\"}, \"evry\": \"1h\",\r\n    \"timeZone\": \"x\" }\r\n} }"
	_, err := Parse([]byte(text), readRequest)
	var wrong *FileError
	if !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	found := map[string][2]int{}
	for _, p := range wrong.Problems {
		found[p.Path] = [2]int{p.Line, p.Column}
	}
	for path, want := range map[string][2]int{"schedules.e.evry": {4, 32}, "schedules.e.timeZone": {5, 17}, "schedules.e.cron": {4, 8}} {
		if found[path] != want {
			t.Errorf("%s at %v, want %v in\n%v", path, found[path], want, err)
		}
	}
	if !slices.IsSortedFunc(wrong.Problems, func(a, b Problem) int { return a.Line - b.Line }) {
		t.Errorf("not in the order of the file:\n%v", err)
	}
}

func TestTooManyTargets(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for range maxEntries + 1 {
		b.WriteString(`"e` + strings.Repeat("x", b.Len()%50) + Version([]byte(b.String())) + `":` + entryText(`"every":"1h"`) + ",")
	}
	_, err := Parse([]byte(`{"schedules":{`+b.String()+`}}`), readRequest)
	if err == nil || !strings.Contains(err.Error(), "501 entries with 501 models: at most 500 and 1000") {
		t.Errorf("%.300v", err)
	}
}

// What is no JSON is an error with a place in the text, and what is JSON with comments
// is read as its plain form is.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{fileText(`"every":"1h"`), fileText(`"cron":["0 6 * * 1-5"],"blackout":[{"from":"22:00","to":"02:00"}]`),
		"// c\n{\"schedules\":{/**/},}", `{"schedules":{"e":{"models":[{}],"labels":{"a":"b"}}}}`, "\xef\xbb\xbf{}", `{"a":"\\\"//"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse(text, readRequest)
		var wrong *FileError
		switch {
		case err == nil && file == nil:
			t.Fatal("neither a file nor an error")
		case err != nil && (!errors.As(err, &wrong) || len(wrong.Problems) == 0):
			t.Fatalf("%v", err)
		case err != nil:
			for _, p := range wrong.Problems {
				if p.Line < 1 || p.Column < 1 || p.Line > strings.Count(string(text), "\n")+1 || p.Message == "" {
					t.Fatalf("%+v", p)
				}
			}
			return
		}
		plain, err := Plain(text)
		if err != nil || len(plain) != len(text) {
			t.Fatalf("%v, %d bytes of %d", err, len(plain), len(text))
		}
		again, err := Parse(plain, readRequest)
		if err != nil || len(again.Entries) != len(file.Entries) {
			t.Fatalf("the plain form: %v", err)
		}
		for i := range file.Entries { // what is taken can be planned
			file.Entries[i].Next(time.Unix(1780000000, 0), 3)
		}
	})
}
