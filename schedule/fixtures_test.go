package schedule

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	workspace = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	dataset   = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
)

func model() machine.Model { return machine.Model{WorkspaceID: workspace, DatasetID: dataset} }

// readRequest stands in for the reader of the HTTP route.
func readRequest(body []byte) (refresh.Request, []Wrong) {
	var b struct {
		WorkspaceID, DatasetID, Kind, Timeout, WhenBusy, QueueTimeout string
		MaxAttempts                                                   int
		Options                                                       struct {
			Type, CommitMode   string
			ApplyRefreshPolicy *bool
			Objects            []machine.Object
		}
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return refresh.Request{}, []Wrong{{"", err.Error()}}
	}
	r := refresh.Request{Model: machine.Model{WorkspaceID: b.WorkspaceID, DatasetID: b.DatasetID}}
	r.Ask.Shape.Kind, r.Ask.MaxAttempts = machine.Kind(b.Kind), b.MaxAttempts
	var wrong []Wrong
	if b.Timeout != "" {
		var err error
		if r.Ask.Timeout, err = time.ParseDuration(b.Timeout); err != nil {
			wrong = append(wrong, Wrong{"timeout", "timeout must be a duration"})
		}
	}
	for i, o := range b.Options.Objects {
		if o.Table == "" {
			wrong = append(wrong, Wrong{fmt.Sprintf("options.objects[%d].table", i), "name a table"})
		}
	}
	return r, wrong
}

// entryText is an entry of the model with these members besides.
func entryText(members string) string {
	return `{"workspaceId":"` + workspace + `","datasetId":"` + dataset + `",` + members + `}`
}

// fileText is a file with one entry, e, with these members besides its model.
func fileText(members string) string { return `{"schedules":{"e":` + entryText(members) + `}}` }

func mustParse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse([]byte(text), readRequest)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return f
}

func readTestdata(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}
