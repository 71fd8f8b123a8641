package access

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

type schema struct{ *jsonschema.Schema }

func compiled(t testing.TB) schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(policySchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.schema.json", document); err != nil {
		t.Fatal(err)
	}
	return schema{c.MustCompile("policy.schema.json")}
}

// check returns what the schema has against a document, "" if nothing.
func (s schema) check(text string) string {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		err = s.Validate(document)
	}
	if err != nil {
		return err.Error()
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
		problem := s.check(text)
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
