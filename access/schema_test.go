package access

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// schema is as much of JSON Schema as the policy's uses. An unknown word fails the
// test: it would not be checked.
type schema map[string]any

func compiled(t testing.TB) schema {
	t.Helper()
	var s schema
	if err := json.Unmarshal(Schema, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s schema) check(t testing.TB, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return "no JSON"
	}
	return s.refuses(t, v, "$")
}

// refuses returns what is wrong first.
func (s schema) refuses(t testing.TB, v any, path string) string {
	t.Helper()
	for _, word := range []string{"type", "const", "enum", "pattern", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
		"required", "properties", "propertyNames", "additionalProperties", "items", "if"} {
		if rule, there := s[word]; there {
			if problem := s.word(t, word, rule, v, path); problem != "" {
				return problem
			}
		}
	}
	for word := range s {
		if !slices.Contains(strings.Fields("$schema title description type const enum pattern minLength maxLength minItems maxItems minProperties "+
			"maxProperties required properties propertyNames additionalProperties items if then"), word) {
			t.Fatalf("the test does not know %s", word)
		}
	}
	return ""
}

func (s schema) word(t testing.TB, word string, rule, v any, path string) string {
	t.Helper()
	wrong := func(is bool) string {
		if is {
			return fmt.Sprintf("%s: %s", path, word)
		}
		return ""
	}
	text, isText := v.(string)
	list, isList := v.([]any)
	object, isObject := v.(map[string]any)
	switch word {
	case "type":
		return wrong(!map[string]bool{"string": isText, "array": isList, "object": isObject}[rule.(string)])
	case "const":
		return wrong(!reflect.DeepEqual(rule, v))
	case "enum":
		return wrong(!slices.ContainsFunc(rule.([]any), func(w any) bool { return reflect.DeepEqual(w, v) }))
	case "pattern":
		return wrong(isText && !regexp.MustCompile(rule.(string)).MatchString(text))
	case "minLength":
		return wrong(isText && float64(utf8.RuneCountInString(text)) < rule.(float64))
	case "maxLength":
		return wrong(isText && float64(utf8.RuneCountInString(text)) > rule.(float64))
	case "minItems":
		return wrong(isList && float64(len(list)) < rule.(float64))
	case "maxItems":
		return wrong(isList && float64(len(list)) > rule.(float64))
	case "minProperties":
		return wrong(isObject && float64(len(object)) < rule.(float64))
	case "maxProperties":
		return wrong(isObject && float64(len(object)) > rule.(float64))
	case "required":
		return wrong(isObject && slices.ContainsFunc(rule.([]any), func(n any) bool { _, there := object[n.(string)]; return !there }))
	case "items":
		for i, item := range list {
			if problem := schema(rule.(map[string]any)).refuses(t, item, fmt.Sprintf("%s[%d]", path, i)); problem != "" {
				return problem
			}
		}
	case "if":
		if isObject && schema(rule.(map[string]any)).refuses(t, v, path) == "" {
			return schema(s["then"].(map[string]any)).refuses(t, v, path)
		}
	default:
		return s.members(t, word, rule, object, path)
	}
	return ""
}

func (s schema) members(t testing.TB, word string, rule any, object map[string]any, path string) string {
	t.Helper()
	known, _ := s["properties"].(map[string]any)
	for name, v := range object {
		own, there := known[name].(map[string]any)
		var problem string
		switch {
		case word == "properties" && there:
			problem = schema(own).refuses(t, v, path+"."+name)
		case word == "propertyNames":
			problem = schema(rule.(map[string]any)).refuses(t, name, path+" name")
		case word == "additionalProperties" && !there && rule == false:
			problem = path + ": additional " + name
		case word == "additionalProperties" && !there:
			problem = schema(rule.(map[string]any)).refuses(t, v, path+"."+name)
		}
		if problem != "" {
			return problem
		}
	}
	return ""
}

// documents are policies good and bad: one that is good, and that one with each of
// many changes.
func documents(t testing.TB) []string {
	t.Helper()
	good := `{"$schema":"x","version":1,"keys":{"adf":"` + hash("k1") + `"},"rules":[{"name":"n","callers":[{"objectId":"` + ada + `"},{"key":"adf"},{"anyone":true}],` +
		`"may":["trigger","cancel"],"models":["` + finance + `","` + sales + `/` + orders + `","*"]}]}`
	list := []string{good}
	for _, change := range []string{
		`"version":1,>`, `"version":1>"version":"1"`, `"version":1>"version":2`, `"rules">"rule"`, `"$schema":"x">"$schema":1`, `"adf":"` + `>"a b":"`,
		`"keys":{>"keys":{"x":1,`, `"name":"n">"name":1`, `"name":"n",>`, `"callers":[{>"callers":[{"tenantId":"x",`, `{"key":"adf"}>{"key":"adf","role":"r"}`,
		`{"key":"adf"}>{"key":"a d f"}`, `{"anyone":true}>{"anyone":false}`, `{"anyone":true}>{"anyone":true,"role":"r"}`, `{"anyone":true}>{}`, `{"anyone":true}>null`,
		`"trigger">"refresh"`, `["trigger","cancel"]>[]`, `["trigger","cancel"]>"trigger"`, `,"*"]>,"**"]`, `,"*"]>,""]`, `"models":>"model":`, ada + `>` + ada + `0`,
		`{"key":"adf"}>{"role":""}`, `{"key":"adf"}>{"role":7}`, `"may":>"why":1,"may":`, `["trigger","cancel"]>null`,
	} {
		from, to, _ := strings.Cut(change, ">")
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not in the document", from)
		}
		list = append(list, strings.Replace(good, from, to, 1))
	}
	return list
}

// The schema that editors use and the parser say the same.
func TestTheSchemaIsTheParser(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	taken := 0
	for _, text := range documents(t) {
		_, err := Parse([]byte(text))
		problem := s.check(t, text)
		if (err == nil) != (problem == "") {
			t.Errorf("the parser says %v, the schema %q:\n%s", err, problem, text)
		}
		if err == nil {
			taken++
		}
	}
	if taken < 3 || taken == len(documents(t)) {
		t.Errorf("%d documents were taken: nothing was compared", taken)
	}
}
