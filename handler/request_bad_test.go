package handler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// refused sends a body that must be refused with exactly these problems, each
// written as "target Code", and returns the answer.
func refused(t *testing.T, body string, want ...string) answer {
	t.Helper()
	b := newBench(t)
	a := b.trigger(body).is(http.StatusBadRequest)
	e := a.wireError()
	var got []string
	for _, d := range e.Details {
		got = append(got, d.Target+" "+d.Code)
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems\n  %s\nwant\n  %s\nof %.200s", strings.Join(got, "\n  "), strings.Join(want, "\n  "), body)
	}
	if e.Code != "InvalidRequest" || len(e.Details) > 0 && e.Target != e.Details[0].Target {
		t.Errorf("code %s, target %s", e.Code, e.Target)
	}
	if a.object()["status"] != nil {
		t.Error("a member status would make a poller take the refusal for an operation")
	}
	if len(b.fake.calls) != 0 {
		t.Errorf("a bad request reached the coordinator: %v", b.fake.calls)
	}
	return a
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, body string
		want       []string // problems
		says       string   // by the message: the way out
	}{
		{"nothing", `{}`, []string{"workspaceId Missing", "datasetId Missing"}, "GUID"},
		{"no dataset", `{"workspaceId":"` + testWorkspace + `"}`, []string{"datasetId Missing"}, "GUID"},
		{"null counts as absent", `{"workspaceId":null,"datasetId":"` + testDataset + `"}`, []string{"workspaceId Missing"}, "missing"},
		{"empty id", `{"workspaceId":"","datasetId":"` + testDataset + `"}`, []string{"workspaceId Missing"}, "is missing: it is the GUID"},
		{"blank id", `{"workspaceId":" ","datasetId":"` + testDataset + `"}`, []string{"workspaceId Missing"}, "is missing"},
		{"a name for an id", `{"workspaceId":"Finance","datasetId":"` + testDataset + `"}`, []string{"workspaceId InvalidValue"}, "GUID such as"},
		{"two braces", `{"workspaceId":"{{` + testWorkspace + `}}","datasetId":"` + testDataset + `"}`, []string{"workspaceId InvalidValue"}, "GUID such as"},
		{"id with a path", `{"workspaceId":"` + testWorkspace + `/../x","datasetId":"` + testDataset + `"}`, []string{"workspaceId InvalidValue"}, "GUID"},
		{"two ids", `{"workspaceId":"` + testWorkspace + `\n` + testWorkspace + `","datasetId":"` + testDataset + `"}`, []string{"workspaceId InvalidValue"}, "GUID"},
		{"unknown field", wholeModel(`"retries":3`), []string{"retries UnknownField"}, "maxAttempts"},
		{"a field without a name", wholeModel(`"":3`), []string{"body UnknownField"}, "maxAttempts"},
		{"another case", wholeModel(`"WhenBusy":"join"`), []string{"WhenBusy UnknownField"}, "did you mean whenBusy?; known are workspaceId"},
		{"the name of Power BI's own API", `{"groupId":"` + testWorkspace + `","dataset":"` + testDataset + `"}`,
			[]string{"workspaceId Missing", "datasetId Missing", "groupId UnknownField", "dataset UnknownField"}, "GUID"},
		{"an option of another case", wholeModel(`"options":{"Type":"full"}`), []string{"options.Type UnknownField"}, "did you mean type?; known are notifyOption"},
		{"an option at the top, as in Power BI's body", wholeModel(`"type":"full"`), []string{"type UnknownField"}, "it goes into options; known are"},
		{"an expression that nothing filled in, as it was written", `{"workspaceId":"@{Id}","datasetId":"` + testDataset + `"}`, []string{"workspaceId InvalidValue"}, `not "@{Id}"`},
		{"unknown option", wholeModel(`"options":{"tables":["Sales"]}`), []string{"options.tables UnknownField"}, "objects"},
		{"unknown member of an object", wholeModel(`"options":{"objects":[{"table":"A"},{"table":"B","name":"x"}]}`),
			[]string{"options.objects[1].name UnknownField"}, "partition"},
		{"kind", wholeModel(`"kind":"fast"`), []string{"kind InvalidValue"}, "auto, standard, enhanced"},
		{"whenBusy", wholeModel(`"whenBusy":"wait"`), []string{"whenBusy InvalidValue"}, "queue, join, reject"},
		{"timeout without a unit", wholeModel(`"timeout":"90"`), []string{"timeout InvalidValue"}, "90m"},
		{"timeout too short", wholeModel(`"timeout":"59s"`), []string{"timeout InvalidValue"}, "1m"},
		{"timeout too long", wholeModel(`"timeout":"168h1s"`), []string{"timeout InvalidValue"}, "168h"},
		{"negative timeout", wholeModel(`"timeout":"-2h"`), []string{"timeout InvalidValue"}, "from 1m"},
		{"ISO 8601 timeout", wholeModel(`"timeout":"PT1H"`), []string{"timeout InvalidValue"}, "2h30m"},
		{"queueTimeout longer", wholeModel(`"timeout":"1h","queueTimeout":"2h"`), []string{"queueTimeout InvalidCombination"}, "make it shorter"},
		{"no attempts", wholeModel(`"maxAttempts":0`), []string{"maxAttempts InvalidValue"}, "1 to 10."},
		{"too many attempts", wholeModel(`"maxAttempts":11`), []string{"maxAttempts InvalidValue"}, "1 to 10"},
		{"standard with options", wholeModel(`"kind":"standard","options":{"type":"full"}`), []string{"options InvalidCombination"}, "leave out the options"},
		{"notification word", wholeModel(`"options":{"notifyOption":"Always"}`), []string{"options.notifyOption InvalidValue"}, "MailOnFailure"},
		{"type", wholeModel(`"options":{"type":"Everything"}`), []string{"options.type InvalidValue"}, "DataOnly"},
		{"commit mode", wholeModel(`"options":{"commitMode":"Some"}`), []string{"options.commitMode InvalidValue"}, "PartialBatch"},
		{"partial batch with the policy", wholeModel(`"options":{"commitMode":"PartialBatch"}`),
			[]string{"options.applyRefreshPolicy InvalidCombination"}, "applyRefreshPolicy false"},
		{"partial batch with the policy named", wholeModel(`"options":{"commitMode":"partialBatch","applyRefreshPolicy":true}`),
			[]string{"options.applyRefreshPolicy InvalidCombination"}, "applyRefreshPolicy false"},
		{"partition without a table", wholeModel(`"options":{"applyRefreshPolicy":false,"objects":[{"partition":"2026"}]}`),
			[]string{"options.objects[0].table Missing"}, "table"},
		{"date", wholeModel(`"options":{"effectiveDate":"31.05.2026"}`), []string{"options.effectiveDate InvalidValue"}, "2026-05-31"},
		{"timeout of Power BI", wholeModel(`"options":{"timeout":"2h"}`), []string{"options.timeout InvalidValue"}, "hh:mm:ss"},
		{"24:00:00", wholeModel(`"options":{"timeout":"24:00:00"}`), []string{"options.timeout InvalidValue"}, "hh:mm:ss"},
		{"more than a day", wholeModel(`"options":{"timeout":"06:00:00","retryCount":4}`), []string{"options.timeout OverLimit"}, "24 hours"},
		{"more than a day by default", wholeModel(`"options":{"retryCount":5}`), []string{"options.retryCount OverLimit"}, "a retryCount of at most 3, or a timeout of at most 04:00:00"},
		{"a timeout as a number", wholeModel(`"timeout":7200`), []string{"timeout InvalidType"}, `write "2h0m0s", if 7200 are seconds`},
		{"a timeout as a fraction", wholeModel(`"timeout":1.5`), []string{"timeout InvalidType"}, `such as "2h"`},
		{"a timeout of Power BI as a number", wholeModel(`"options":{"timeout":7200}`), []string{"options.timeout InvalidType"}, `write "02:00:00", if 7200 are seconds`},
		{"retryCount", wholeModel(`"options":{"retryCount":-1}`), []string{"options.retryCount InvalidValue"}, "0 or more"},
		{"maxParallelism", wholeModel(`"options":{"maxParallelism":-1}`), []string{"options.maxParallelism InvalidValue"}, "0 or more"},
		{"more objects than can be kept", wholeModel(`"options":{"objects":[` + manyTables(600) + `]}`), []string{"options.objects OverLimit"}, "whole model"},
		{"objects after a bad one", wholeModel(`"options":{"objects":[7,{"table":"A"},{"table":" "}]}`),
			[]string{"options.objects[0] InvalidType", "options.objects[2].table Missing"}, `{"table":"Sales"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := refused(t, tc.body, tc.want...).wireError()
			if !strings.Contains(e.Details[0].Message, tc.says) {
				t.Errorf("%q does not say %q", e.Details[0].Message, tc.says)
			}
			for _, d := range e.Details {
				if field := d.Target[strings.LastIndexByte(d.Target, '.')+1:]; d.Code != "InvalidType" && d.Code != "UnknownField" && field != "body" && !strings.Contains(d.Message, field) {
					t.Errorf("%q does not name %s: many callers show the message only", d.Message, field)
				}
			}
		})
	}
}

// manyTables are n objects.
func manyTables(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"table":"A table with a name of its own %d"}`, i))
	}
	return strings.Join(list, ",")
}

// Every field refuses every kind of value that is not its own.
func TestWrongTypes(t *testing.T) {
	t.Parallel()
	const word, whole, fraction, boolean, list, object = `"x y"`, `5`, `1.5`, `true`, `[]`, `{}`
	text := []string{whole, fraction, boolean, list, object}
	for path, wrong := range map[string][]string{
		"workspaceId": text, "datasetId": text, "kind": text, "whenBusy": text, "timeout": text, "queueTimeout": text,
		"maxAttempts":                  {word, fraction, boolean, list, object, `"3.5"`, `"0x3"`, `"three"`},
		"options":                      {word, whole, fraction, boolean, list},
		"options.notifyOption":         text,
		"options.type":                 text,
		"options.commitMode":           text,
		"options.effectiveDate":        text,
		"options.timeout":              text,
		"options.maxParallelism":       {word, fraction, boolean, list, object, `1e-3`, `"inf"`, `99999999999999999999`},
		"options.retryCount":           {word, fraction, boolean, list, object},
		"options.applyRefreshPolicy":   {word, whole, fraction, list, object, `"yes"`},
		"options.objects":              {word, whole, fraction, boolean, object, `"Sales"`},
		"options.objects[0]":           {word, whole, fraction, boolean, list, `null`},
		"options.objects[0].table":     text,
		"options.objects[0].partition": text,
	} {
		for _, value := range wrong {
			t.Run(path+"="+value, func(t *testing.T) {
				t.Parallel()
				refused(t, bodyWith(path, value), path+" InvalidType")
			})
		}
	}
}

// bodyWith is a body that is good except for the value at the path.
func bodyWith(path, value string) string {
	switch rest, ok := strings.CutPrefix(path, "options."); {
	case rest == "objects[0]":
		return wholeModel(`"options":{"objects":[` + value + `]}`)
	case rest == "objects[0].table":
		return wholeModel(`"options":{"objects":[{"table":` + value + `}]}`)
	case rest == "objects[0].partition":
		return wholeModel(`"options":{"applyRefreshPolicy":false,"objects":[{"table":"A","partition":` + value + `}]}`)
	case ok:
		return wholeModel(`"options":{"` + rest + `":` + value + `}`)
	case path == "workspaceId":
		return `{"workspaceId":` + value + `,"datasetId":"` + testDataset + `"}`
	case path == "datasetId":
		return `{"workspaceId":"` + testWorkspace + `","datasetId":` + value + `}`
	}
	return wholeModel(`"` + path + `":` + value)
}

func TestAllProblemsInOneAnswer(t *testing.T) {
	t.Parallel()
	body := `{"workspaceId":"x","kind":"fast","maxAttempts":99,"extra":1,
		"options":{"type":"All","retryCount":"many","objects":[{"table":5},{"table":"","partition":"P"}],"more":2}}`
	e := refused(t, body, "workspaceId InvalidValue", "datasetId Missing", "maxAttempts InvalidValue", "kind InvalidValue",
		"options.retryCount InvalidType", "options.objects[0].table InvalidType", "options.more UnknownField",
		"options.type InvalidValue", "options.objects[1].table Missing", "extra UnknownField").wireError()
	if !strings.Contains(e.Message, "10 problems") || !strings.Contains(e.Message, e.Details[0].Message) {
		t.Errorf("message %q", e.Message)
	}
}

func TestBodiesThatAreNoObject(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, body, want string }{
		{"empty", ``, "body InvalidJSON"},
		{"blank", " \r\n\t", "body InvalidJSON"},
		{"truncated", wholeModel()[:40], "body InvalidJSON"},
		{"truncated at the brace", strings.TrimSuffix(wholeModel(), "}"), "body InvalidJSON"},
		{"trailing text", wholeModel() + "x", "body InvalidJSON"},
		{"two objects", wholeModel() + wholeModel(), "body InvalidJSON"},
		{"trailing comma", `{"workspaceId":"a",}`, "body InvalidJSON"},
		{"comment", `{/* model */}`, "body InvalidJSON"},
		{"single quotes", `{'workspaceId':'a'}`, "body InvalidJSON"},
		{"array", `[` + wholeModel() + `]`, "body InvalidJSON"},
		{"null", `null`, "body InvalidJSON"},
		{"number", `12`, "body InvalidJSON"},
		{"string", `"refresh"`, "body InvalidJSON"},
		{"form", `workspaceId=a&datasetId=b`, "body InvalidJSON"},
		{"Windows-1252", wholeModel("\"options\":{\"objects\":[{\"table\":\"Verk\xe4ufe\"}]}"), "body InvalidCharset"},
		{"half of a surrogate pair", wholeModel(`"options":{"objects":[{"table":"\ud800"}]}`), "body InvalidCharset"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "body InvalidCharset"},
		{"too deep", wholeModel(`"options":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40)), "body InvalidJSON"},
		{"very deep", strings.Repeat(`[`, 60000), "body InvalidJSON"},
		{"twice at the top", wholeModel(`"kind":"auto","kind":"standard"`), "kind DuplicateField"},
		{"twice, the same", wholeModel(`"kind":"auto","kind":"auto"`), "kind DuplicateField"},
		{"twice by escape", wholeModel(`"kind":"auto","k\u0069nd":"auto"`), "kind DuplicateField"},
		{"twice in options", wholeModel(`"options":{"type":"full","type":"calculate"}`), "options.type DuplicateField"},
		{"twice in an object", wholeModel(`"options":{"objects":[{"table":"A"},{"table":"B","table":"C"}]}`), "options.objects[1].table DuplicateField"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			e := b.trigger(tc.body, "Content-Type: application/json").is(http.StatusBadRequest).wireError()
			if len(e.Details) != 1 || e.Details[0].Target+" "+e.Details[0].Code != tc.want {
				t.Errorf("got %+v, want %s", e.Details, tc.want)
			}
			if strings.HasSuffix(tc.want, "InvalidCharset") && !strings.Contains(e.Message, "charset") {
				t.Errorf("%q does not say charset", e.Message)
			}
			if len(b.fake.calls) != 0 {
				t.Errorf("it reached the coordinator: %v", b.fake.calls)
			}
		})
	}
}

func TestBodySize(t *testing.T) {
	t.Parallel()
	filled := func(size int) string {
		body := wholeModel(`"kind":"auto"`)
		return body[:len(body)-1] + strings.Repeat(" ", size-len(body)) + "}"
	}
	newBench(t).trigger(filled(maxBody)).is(http.StatusAccepted)
	e := newBench(t).trigger(filled(maxBody + 1)).is(http.StatusRequestEntityTooLarge).wireError()
	if e.Code != "BodyTooLarge" || e.Target != "body" || !strings.Contains(e.Message, "64 KiB") {
		t.Errorf("%+v", e)
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{
		"application/json": 202, "application/json; charset=utf-8": 202, "Application/JSON;charset=UTF-8": 202,
		"application/json; charset=us-ascii": 202, "application/json; charset=utf8": 202, "application/json; charset=UTF8": 202, `application/json; charset="utf-8"; v=1`: 202,
		"": 415, "text/plain": 415, "text/json": 415, "application/x-www-form-urlencoded": 415,
		"application/jsonp": 415, "application/json, text/plain": 415, ";": 415, "application/problem+json": 415,
		"application/json; charset=utf-16": 415, "application/json; charset=iso-8859-1": 415,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.trigger(wholeModel(), "Content-Type: "+value).is(want)
			if want == http.StatusUnsupportedMediaType {
				says := "Content-Type: application/json"
				if strings.Contains(value, "charset") {
					says = "UTF-8"
				}
				if e := a.wireError(); e.Target != "Content-Type" || e.Code != "UnsupportedMediaType" || !strings.Contains(e.Message, says) || len(b.fake.calls) != 0 {
					t.Errorf("%+v, calls %v", e, b.fake.calls)
				}
			}
		})
	}
}

func TestContentEncodings(t *testing.T) {
	t.Parallel()
	newBench(t).trigger(wholeModel(), "Content-Encoding: identity").is(http.StatusAccepted)
	for _, coding := range []string{"gzip", "br", "identity, gzip"} {
		e := newBench(t).trigger(wholeModel(), "Content-Encoding: "+coding).is(http.StatusUnsupportedMediaType).wireError()
		if e.Target != "Content-Encoding" || !strings.Contains(e.Message, coding) {
			t.Errorf("%+v", e)
		}
	}
}

// However much is wrong with a body, the answer stays small.
func TestAnswersToBadRequestsAreBounded(t *testing.T) {
	t.Parallel()
	var fields []string
	for i := range 5000 {
		fields = append(fields, fmt.Sprintf(`"f%d":1`, i))
	}
	for name, body := range map[string]string{
		"many unknown fields": wholeModel(fields...),
		"too many objects":    wholeModel(`"options":{"objects":[` + strings.Repeat("1,", 30000) + `1]}`),
		"many bad objects":    wholeModel(`"options":{"objects":[` + strings.Repeat("1,", 900) + `1]}`),
		"a long name":         wholeModel(`"` + strings.Repeat("é", 30000) + `":1`),
		"a long name, twice":  wholeModel(`"` + strings.Repeat("é", 15000) + `":1,"` + strings.Repeat("é", 15000) + `":1`),
		"a long value":        wholeModel(`"kind":"` + strings.Repeat("é", 30000) + `"`),
		"a long word":         wholeModel(`"options":{"type":"` + strings.Repeat("é", 30000) + `"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newBench(t).trigger(body).is(http.StatusBadRequest)
			if len(a.raw) > 8<<10 {
				t.Errorf("an answer of %d bytes to a body of %d", len(a.raw), len(body))
			}
			if !strings.Contains(string(a.raw), "problems") && strings.HasPrefix(name, "many") {
				t.Errorf("it does not say how many there are: %.300s", a.raw)
			}
		})
	}
}

func TestTooManyObjects(t *testing.T) {
	t.Parallel()
	body := func(n int) string {
		return wholeModel(`"options":{"objects":[` + strings.Repeat(`{"table":"A"},`, n-1) + `{"table":"A"}]}`)
	}
	e := refused(t, body(maxObjects+1), "options.objects OverLimit").wireError()
	if !strings.Contains(e.Message, "1001 objects, more than 1000") {
		t.Errorf("got %q", e.Message)
	}
	newBench(t).trigger(body(maxObjects)).is(http.StatusAccepted)
}
