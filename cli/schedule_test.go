package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
	"pbirefresh/schedule"
)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ofModel is an entry of the model with further members.
func ofModel(members string) string {
	return `{"workspaceId":"` + workspace + `","datasetId":"` + dataset + `",` + members + `}`
}

func TestScheduleCheck(t *testing.T) {
	t.Parallel()
	path := writeFile(t, `{"schedules":{ // a comment
		"sales":`+ofModel(`"cron":"30 2 * * *","timeZone":"Europe/Berlin"`)+`,
		"stock":`+ofModel(`"every":"15m","blackout":[{"from":"07:00","to":"22:00"}]`)+`,
		"off":`+ofModel(`"every":"2h","enabled":false,"spread":"1h","jitter":"90m"`)+`,
		"leap":`+ofModel(`"cron":"0 0 29 2 *","enabled":true`)+`}}`)
	r := runCommand(t, nil, "schedule", "check", "--zone", "Europe/Berlin", "--from", "2026-03-28", path).exits(0)
	want := `SCHEDULE  MODELS  TIMING                             NEXT SLOTS
sales     1       30 2 * * *; Europe/Berlin          Sat 28 Mar 02:30 CET, Sun 29 Mar 03:00 CEST, Mon 30 Mar 02:30 CEST
stock     1       every 15m                          Fri 27 Mar 23:00 UTC, Fri 27 Mar 23:15 UTC, Fri 27 Mar 23:30 UTC
off       1       every 2h, spread 1h, jitter 1h30m  disabled
leap      1       0 0 29 2 *; UTC                    Tue 29 Feb 2028 00:00 UTC

255 starts in a week, by the hour (Europe/Berlin)
            0  .  .  3  .  .  6  .  .  9  .  . 12  .  . 15  .  . 18  .  . 21  .  .
Sat 28 Mar  ++ ++ ++ ++ ++ ++ ++ ++                                              ++
`
	if !strings.HasPrefix(r.stdout, want) || r.stderr != "" {
		t.Errorf("got\n%s\nwant\n%s\n%s", r.stdout, want, r.stderr)
	}
	lines := strings.Split(r.stdout, "\n")
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Sun 29 Mar") }); i < 0 ||
		!strings.HasPrefix(lines[i], "Sun 29 Mar  ++ ++    ++ ++ ++ ++ ++ ++   ") {
		t.Errorf("the hour that is skipped has no mark:\n%s", r.stdout)
	}
	if got := runCommand(t, nil, "schedule", "check", path).exits(0); !strings.Contains(got.stdout, "(UTC)") {
		t.Errorf("%s", got.stdout)
	}
}

func TestScheduleCheckTellsProblemsAndWarnings(t *testing.T) {
	t.Parallel()
	bad := writeFile(t, "{\"schedules\":{\n \"a\":"+ofModel(`"cron":"61 * * * *"`)+",\n \"b\":"+ofModel(`"every":"1h","kind":"slow"`)+"}}")
	r := runCommand(t, nil, "schedule", "check", bad).exits(1).says("has 2 problems").prints("")
	for _, want := range []string{bad + ":2:118: schedules.a.cron: minute", bad + ":3:131: schedules.b.kind: kind must be one of"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in\n%s", want, r.stderr)
		}
	}
	slip := writeFile(t, `{"schedules":1}`)
	runCommand(t, nil, "schedule", "check", slip).exits(1).says(slip + " has a problem")
	tight := writeFile(t, `{"capacities":{"c":"shared"},"schedules":{"a":`+ofModel(`"every":"1h","capacity":"c"`)+`}}`)
	r = runCommand(t, nil, "schedule", "check", tight).exits(0)
	if !strings.Contains(r.stderr, tight+": warning: model ") || !strings.Contains(r.stderr, "24 times in 24 hours") {
		t.Errorf("%s", r.stderr)
	}
	monthly := writeFile(t, `{"capacities":{"c":"F2"},"schedules":{"a":`+ofModel(`"cron":"0 6 1 * *","capacity":"c"`)+`,"b":`+
		strings.Replace(ofModel(`"cron":"0 6 1 * *","capacity":"c"`), dataset, workspace, 1)+`}}`)
	r = runCommand(t, nil, "schedule", "check", "--from", "2026-05-04", monthly).exits(0)
	if !strings.Contains(r.stderr, "2 models start together at Mon 1 Jun 06:00 UTC") {
		t.Errorf("what meets once a month: %s", r.stderr)
	}
}

func TestScheduleWrongUse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"schedule"}, 2, "schedule needs a command"},
		{[]string{"schedule", "chekc", "x"}, 2, `unknown command "chekc"`},
		{[]string{"schedule", "check"}, 2, "accepts 1 arg(s)"},
		{[]string{"schedule", "check", "--zone", "Berlin", "x"}, 2, "no IANA time zone"},
		{[]string{"schedule", "check", "--from", "tomorrow", "x"}, 2, "no date"},
		{[]string{"schedule", "check", filepath.Join(t.TempDir(), "none")}, 1, "none"},
		{[]string{"schedule", "import"}, 2, "accepts 2 arg(s)"},
		{[]string{"schedule", "import", "--cloud", "mars", workspace, dataset}, 2, "mars"},
		{[]string{"schedule", "import", "--file", filepath.Join(t.TempDir(), "none"), workspace, dataset}, 1, "none"},
	} {
		runCommand(t, nil, tc.args...).exits(tc.code).says(tc.says).prints("")
	}
	for _, sub := range []string{"check", "import"} {
		if r := runCommand(t, nil, "schedule", sub, "-h").exits(0); !strings.Contains(r.stdout, "Usage:\n  pbirefresh schedule "+sub) {
			t.Errorf("%s", r.stdout)
		}
	}
}

// simCredential is the token of the stand-ins' own application.
type simCredential struct{ cloud *sim.Cloud }

func (c simCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, expires, err := c.cloud.Token()
	return azcore.AccessToken{Token: token, ExpiresOn: expires}, err
}

// The schedule that Power BI keeps becomes an entry that the app takes, by the client and
// by what az rest prints.
func TestScheduleImport(t *testing.T) {
	t.Parallel()
	cloud := sim.NewCloud(sim.Options{})
	model := sim.Sales()
	if err := cloud.PowerBI.SetSchedule(model, sim.RefreshSchedule{
		Days: []string{"Sunday", "Friday"}, Times: []string{"05:00", "11:30", "17:30", "00:00"}, Enabled: true, TimeZone: "W. Europe Standard Time", Notify: "MailOnFailure",
	}); err != nil {
		t.Fatal(err)
	}
	client, err := powerbi.NewClient(simCredential{cloud}, powerbi.Options{
		Cloud:     powerbi.Cloud{API: "https://" + sim.PowerBIHost, Scope: sim.Audiences()[0] + "/.default", Authority: "https://" + sim.EntraHost},
		Transport: &http.Client{Transport: cloud.Transport()},
	})
	if err != nil {
		t.Fatal(err)
	}
	own, err := client.RefreshSchedule(t.Context(), powerbi.Dataset{WorkspaceID: model.Workspace, DatasetID: model.Model})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	r := runCommand(t, nil, "schedule", "import", "--name", "sales", "--file", writeFile(t, "\xef\xbb\xbf"+string(text)), model.Workspace, model.Model).exits(0)
	f, err := schedule.Parse([]byte(r.stdout), handler.ScheduleRequest(0))
	if err != nil {
		t.Fatalf("%v\n%s", err, r.stdout)
	}
	if e := f.Entries[0]; e.Name != "sales" || e.Timing.String() != "0 0,5 * * sun,fri | 30 11,17 * * sun,fri; Europe/Berlin" || !e.Enabled || e.Requests[0].Model.DatasetID != model.Model {
		t.Errorf("%+v", e)
	}
	if !strings.Contains(r.stderr, "switch the schedule in Power BI off") {
		t.Errorf("%s", r.stderr)
	}
}

func TestScheduleImportOfOddSchedules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		code int
		says string // on standard output, or else in the error
	}{
		{`{"days":["Monday","tuesday","Wednesday","Thursday","Friday","Saturday","Sunday"],"times":["07:30"],"enabled":false,"localTimeZoneId":"UTC"}`, 0, `"30 7 * * *"`},
		{`{"days":["Monday"],"times":["07:30"],"enabled":false,"localTimeZoneId":"UTC"}`, 0, `"enabled": false`},
		{`{"days":["Monday"],"times":["07:30"],"enabled":true,"localTimeZoneId":"UTC"}`, 0, `"model-` + dataset + `"`},
		{`{"days":[],"times":["07:30"],"enabled":true,"localTimeZoneId":"UTC"}`, 1, "no days"},
		{`{"days":["Monday"],"times":[],"enabled":true,"localTimeZoneId":"UTC"}`, 1, "no times"},
		{`{"days":["Someday"],"times":["07:30"],"localTimeZoneId":"UTC"}`, 1, `"Someday" is no day`},
		{`{"days":["Monday"],"times":["7.30"],"localTimeZoneId":"UTC"}`, 1, `"7.30" is no time`},
		{`{"days":["Monday"],"times":["07:30"],"localTimeZoneId":"Atlantis Standard Time"}`, 1, "no IANA name"},
		{`{`, 1, "unexpected end"},
	} {
		r := runCommand(t, nil, "schedule", "import", "--file", writeFile(t, tc.text), workspace, dataset).exits(tc.code)
		if tc.code != 0 {
			r.says(tc.says).prints("")
		} else if !strings.Contains(r.stdout, tc.says) {
			t.Errorf("%s: %s", tc.text, r.stdout)
		}
	}
	runCommand(t, nil, "schedule", "import", "--file", writeFile(t, `{"days":["Monday"],"times":["07:30"],"localTimeZoneId":"UTC"}`), "sales", "x").exits(1).says("GUID")
}

func TestShades(t *testing.T) {
	t.Parallel()
	var marks strings.Builder
	for _, n := range []int{0, 1, 2, 3, 4, 7, 8, 15, 16, 1000} {
		marks.WriteString(shade(n))
	}
	if got := marks.String(); got != " .::++##@@" {
		t.Errorf("%q", got)
	}
}
