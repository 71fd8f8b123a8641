package handler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pbirefresh/schedule"
)

// The schema that editors use and the parser of the app are kept equal: a file with every
// member is damaged in every place and every way, and both must say the same of each.

func TestScheduleSchemaAgreesWithTheParser(t *testing.T) {
	t.Parallel()
	schema := scheduleSchema(t)
	whole := scheduleExample(t)
	if err := schema.Validate(whole); err != nil {
		t.Fatalf("the whole file: %v", err)
	}
	n := 0
	for what, damaged := range damages(t, whole) {
		n++
		text, err := json.Marshal(damaged)
		if err != nil {
			t.Fatal(err)
		}
		_, parsed := schedule.Parse(text, ScheduleRequest(0))
		valid := schema.Validate(reread(t, text))
		switch {
		case parsed == nil && valid != nil:
			t.Errorf("%s: the parser takes it, the schema does not: %v", what, valid)
		case parsed != nil && valid == nil && !onlyTheParserKnows(what):
			t.Errorf("%s: the schema takes it, the parser does not: %v", what, parsed)
		}
	}
	if n < 400 {
		t.Errorf("only %d damages", n)
	}
}

// onlyTheParserKnows: what a schema cannot say, such as which texts are time zones.
func onlyTheParserKnows(what string) bool {
	path, change, _ := strings.Cut(what, ": ")
	path = strings.TrimRight(path, "0123456789[]")
	texts := []string{"timeZone", "timeout", "queueTimeout", "grace", "spread", "jitter", "capacity", "type", "commitMode", "notifyOption",
		"effectiveDate", "cron", "from", "to", "applyRefreshPolicy", "table", "partition"}
	last := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case strings.HasPrefix(change, `"`): // another text
		return slices.Contains(texts, last)
	case change == "gone":
		// Members that others rest on: the capacity that an entry names, the table's policy.
		return slices.Contains([]string{"capacities", "main", "applyRefreshPolicy", "table"}, last)
	case change == "{}":
		return last == "capacities"
	case strings.HasPrefix(path, "capacities"), last == "applyRefreshPolicy", last == "kind":
		return true // its consequences elsewhere
	}
	return false
}

// damages yields the document with one place changed, and what was done.
func damages(t *testing.T, whole any) map[string]any {
	t.Helper()
	list := map[string]any{}
	walk(whole, "", func(path string, set func(any), get any) {
		change := func(what string, value any) {
			set(value)
			list[strings.TrimPrefix(path, ".")+": "+what] = clone(t, whole)
			set(get)
		}
		for _, value := range []string{`null`, `true`, `7`, `-1`, `1.5`, `""`, `"x"`, `[]`, `{}`, `[7]`, `["x"]`, `{"x":1}`} {
			var v any
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(v, get) {
				change(value, v)
			}
		}
		if members, ok := get.(map[string]any); ok {
			members["notThere"] = 1
			change("with a member more", members)
			delete(members, "notThere")
			for name, value := range members {
				delete(members, name)
				list[strings.TrimPrefix(path+"."+name, ".")+": gone"] = clone(t, whole)
				members[name] = value
			}
		}
	})
	return list
}

// walk visits every value of a document, the members of the top one first.
func walk(v any, path string, visit func(path string, set func(any), get any)) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			visit(path+"."+name, func(to any) { v[name] = to }, value)
			walk(value, path+"."+name, visit)
		}
	case []any:
		for i, value := range v {
			visit(fmt.Sprintf("%s[%d]", path, i), func(to any) { v[i] = to }, value)
			walk(value, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}

func clone(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return reread(t, text)
}

func reread(t *testing.T, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// scheduleExample is the parser's own example with every member.
func scheduleExample(t *testing.T) any {
	t.Helper()
	text, err := os.ReadFile("../schedule/testdata/full.jsonc")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := schedule.Plain(text)
	if err != nil {
		t.Fatal(err)
	}
	return reread(t, plain)
}

func scheduleSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../schedules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schedules.schema.json", reread(t, text)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schedules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// What an entry shares with POST /api/refreshes is described in the same words, and the
// example has every member that the schema knows.
// (A file is stricter in one point: null and "" are slips there, and as good as absent in a
// request.)
func TestScheduleSchemaSaysWhatTheRouteSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../schedules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type described struct{ Properties map[string]any }
	var file struct {
		Properties map[string]any
		Defs       struct {
			Schedule, Options described
		} `json:"$defs"`
	}
	var api struct {
		Components struct {
			Schemas struct{ TriggerRequest, RefreshOptions described }
		}
	}
	for into, b := range map[any][]byte{&file: text, &api: OpenAPI} {
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"workspaceId", "datasetId", "kind", "whenBusy", "timeout", "queueTimeout", "maxAttempts"} {
		if want := api.Components.Schemas.TriggerRequest.Properties[name]; want == nil || !reflect.DeepEqual(file.Defs.Schedule.Properties[name], strict(want)) {
			t.Errorf("%s differs from handler/openapi.json", name)
		}
	}
	if options := api.Components.Schemas.RefreshOptions.Properties; !reflect.DeepEqual(file.Defs.Options.Properties, strict(options)) {
		t.Error("options differ from handler/openapi.json")
	}
	example, _ := scheduleExample(t).(map[string]any)
	schedules, _ := example["schedules"].(map[string]any)
	used := map[string]bool{}
	for _, entry := range schedules {
		members, _ := entry.(map[string]any)
		for name := range members {
			used[name] = true
		}
	}
	for name := range file.Defs.Schedule.Properties {
		if !used[name] {
			t.Errorf("the example has no %s", name)
		}
	}
	if len(example) != len(file.Properties) {
		t.Errorf("the example has %d members, the schema knows %d", len(example), len(file.Properties))
	}
}

// strict is a schema of the route without what counts as absent.
func strict(v any) any {
	switch v := v.(type) {
	case []any:
		list := []any{}
		for _, item := range v {
			list = append(list, strict(item))
		}
		return list
	case map[string]any:
		o := map[string]any{}
		for name, member := range v {
			o[name] = strict(member)
		}
		return withoutAbsent(o)
	}
	return v
}

func withoutAbsent(o map[string]any) map[string]any {
	if reflect.DeepEqual(o["type"], []any{"string", "null"}) {
		o["type"], o["minLength"] = "string", float64(1)
	}
	forms, _ := o["anyOf"].([]any)
	var kept []any
	for _, form := range forms {
		f, _ := form.(map[string]any)
		if f["type"] == "null" || reflect.DeepEqual(f["enum"], []any{nil, ""}) {
			continue
		}
		if f["type"] == "string" {
			f["minLength"] = float64(1)
		}
		kept = append(kept, f)
	}
	if forms != nil {
		o["anyOf"] = kept
	}
	if len(kept) == 1 {
		delete(o, "anyOf")
		only, _ := kept[0].(map[string]any)
		maps.Copy(o, only)
	}
	return o
}
