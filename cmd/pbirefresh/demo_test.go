package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pbirefresh/cli"
	"pbirefresh/handler"
	"pbirefresh/local/funchost"
	"pbirefresh/schedule"
)

// What make run writes is right.
func TestDemoSchedules(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	path, err := writeDemoSchedules(root)
	if err != nil || !strings.HasPrefix(path, root) {
		t.Fatal(path, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := schedule.Parse(text, handler.ScheduleRequest(0))
	if err != nil || len(f.Entries) != 1 || len(f.Entries[0].Next(time.Now(), 5)) != 5 {
		t.Fatalf("%v %+v", err, f)
	}
}

func TestTicker(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	k := newTicker(&out)
	lines := []string{
		`{"msg":"scheduled refresh started","schedule":"every-minute","model":"w/m","slot":"2026-05-04T06:00Z"}`,
		"no JSON", `{"msg":"lease taken","model":"w/m"}`, `{"msg":"operation","model":"w/other","event":"refresh.ended","status":"Failed"}`,
		`{"msg":"operation","model":"w/m","event":"refresh.ended","status":"Succeeded","seconds":4}`,
		`{"msg":"refused","schedule":"e","cause":"why"}`,
	}
	for _, line := range lines[:3] {
		k.heard(funchost.Line{Text: line})
	}
	if out.Len() > 0 {
		t.Errorf("before watch: got %s, want nothing", &out)
	}
	k.watch()
	for _, line := range lines[3:] {
		k.heard(funchost.Line{Text: line})
	}
	if out.String() != "  every-minute: scheduled refresh started, slot 2026-05-04T06:00Z\n  every-minute: refresh succeeded, seen after 4 s\n  e: refused: why\n" {
		t.Errorf("%q", out.String())
	}
}

// A schedule file that the app would refuse is not packaged.
func TestCheckPackaged(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var stderr strings.Builder
	env := cli.Environment{Stderr: &stderr}
	if err := checkPackaged(root, env); err != nil {
		t.Errorf("none: %v", err)
	}
	for text, ok := range map[string]bool{`{"schedules":{}} // fine`: true, `{"schedules":1}`: false} {
		if err := os.WriteFile(filepath.Join(root, "schedules.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := checkPackaged(root, env); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	if !strings.Contains(stderr.String(), "schedules.json:1:14: schedules: must be an object") {
		t.Errorf("%s", &stderr)
	}
}

// Nor is a policy that would stop the whole app.
func TestCheckPackagedPolicy(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for text, says := range map[string]string{
		`{"version":1,"rules":[{"callers":[{"key":"adf"}],"may":["trigger"],"models":["` + workspaceID + `"]}],"keys":{"adf":"` + strings.Repeat("0", 64) + `"}}`: "",
		`{"version":1,"rules":[]}`: "policy.json: rules: ",
		`{"rules":[`:               "policy.json: the policy is not valid JSON",
		``:                         "policy.json: the policy",
	} {
		if err := os.WriteFile(filepath.Join(root, "policy.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		err := checkPackaged(root, cli.Environment{Stderr: &stderr})
		if (err == nil) != (says == "") || !strings.HasPrefix(stderr.String(), says) {
			t.Errorf("%s: %v\n%s", text, err, &stderr)
		}
	}
}
