package cli

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

var jsoncBlock = regexp.MustCompile("(?s)```jsonc\n(.*?)```")

// The guide's schedules pass the check that people run.
func TestDocumentedSchedules(t *testing.T) {
	t.Parallel()
	const name = "docs/schedules.md"
	text, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range jsoncBlock.FindAllSubmatch(text, -1) {
		if !strings.Contains(string(block[1]), `"schedules"`) {
			continue
		}
		n++
		example := strings.ReplaceAll(string(block[1]), "<GUID>", dataset)
		if r := runCommand(t, nil, "schedule", "check", writeFile(t, example)).exits(0); r.stderr != "" {
			t.Errorf("%s: %s\n%s", name, r.stderr, example)
		}
	}
	if n == 0 {
		t.Errorf("%s shows no schedules", name)
	}
}

// The guide describes every member that a file may have.
func TestEveryMemberIsDocumented(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/schedules.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../schedules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]json.RawMessage
		Defs       map[string]struct{ Properties map[string]json.RawMessage } `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	members := schema.Properties
	for name := range schema.Defs["schedule"].Properties {
		members[name] = nil
	}
	if len(members) < 20 {
		t.Errorf("only %d members: where does the schema have those of an entry?", len(members))
	}
	for name := range members {
		if !strings.Contains(string(guide), "`"+name+"`") && !strings.Contains(string(guide), `"`+name+`"`) {
			t.Errorf("docs/schedules.md does not tell of %q", name)
		}
	}
}
