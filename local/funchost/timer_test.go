package funchost

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// statusOf reads the status file that a host has left.
func statusOf(t *testing.T, path, name string) timerStatus {
	t.Helper()
	s, err := openStatuses(path)
	if err != nil {
		t.Fatal(err)
	}
	return s.get(name)
}

func TestTimerRequest(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), nil)
	if err := r.Fire(t.Context(), "tick"); err != nil {
		t.Fatal(err)
	}
	posts := r.timerPosts()
	if len(posts) != 1 {
		t.Fatalf("%d invocations, want 1", len(posts))
	}
	got := posts[0]
	if got.Method != http.MethodPost || got.URI != "/Tick" || len(got.TransferEncoding) > 0 {
		t.Errorf("%s %s, transfer encoding %v", got.Method, got.URI, got.TransferEncoding)
	}
	if got.Header.Get("Content-Type") != "application/json; charset=utf-8" || got.Header.Get("User-Agent") != userAgent ||
		got.Header.Get(versionHeader) != HostVersion || !anyGUID.MatchString(got.Header.Get(invocationHeader)) {
		t.Errorf("headers %v", got.Header)
	}
	var body struct {
		Data     map[string]map[string]any
		Metadata struct{ Sys map[string]string }
	}
	r.decode(got.Body, &body)
	tick, found := body.Data["tick"]
	if status, said := tick["ScheduleStatus"]; !found || !said || status != nil || tick["IsPastDue"] != false {
		t.Errorf("Data = %v, want ScheduleStatus null without a monitor", body.Data)
	}
	if sys := body.Metadata.Sys; sys["MethodName"] != "Tick" || !anyGUID.MatchString(sys["RandGuid"]) || !strings.HasSuffix(sys["UtcNow"], "Z") {
		t.Errorf("sys = %v", body.Metadata.Sys)
	}
}

func TestTimerPayload(t *testing.T) {
	t.Parallel()
	f := &Function{Name: "Sweep", Timer: &TimerTrigger{Binding: "timer"}}
	status := &timerStatus{Next: at(t, "2026-01-01T00:05:00Z"), LastUpdated: at(t, "2026-01-01T02:00:00.5+02:00")}
	b, err := timerPayload(f, status, run{pastDue: true}, at(t, "2026-01-01T00:05:00.012Z"))
	if err != nil {
		t.Fatal(err)
	}
	head, tail, _ := strings.Cut(string(b), `"RandGuid":"`)
	want := `{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":{"Last":"0001-01-01T00:00:00+00:00",` +
		`"Next":"2026-01-01T00:05:00+00:00","LastUpdated":"2026-01-01T00:00:00.5+00:00"},"IsPastDue":true}},` +
		`"Metadata":{"sys":{"MethodName":"Sweep","UtcNow":"2026-01-01T00:05:00.012Z",`
	if head != want || !strings.HasSuffix(tail, `"}}}`) {
		t.Errorf("payload\n%s\nwant\n%s", b, want)
	}
}

func TestTimerAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		want        string // "" = success
		hangs       bool
	}{
		{"empty object", 200, "application/json", "{}", "", false},
		{"all members", 201, "application/json; charset=utf-8", `{"Outputs":{"a":1},"Logs":["x"],"ReturnValue":null,"more":1}`, "", false},
		{"text/json", 200, "text/json", " {} \n", "", false},
		{"server error", 500, "application/json", `{"Logs":["x"]}`, "500 (Internal Server Error)", false},
		{"redirect", 302, "application/json", "{}", "302", false},
		{"sniffed type", 200, "text/plain; charset=utf-8", "{}", "Content-Type", false},
		{"no type", 200, "", "{}", "Content-Type", false},
		{"problem type", 200, "application/problem+json", "{}", "Content-Type", false},
		{"invalid JSON", 200, "application/json", "{", "invalid JSON in the answer", false},
		{"not an object", 200, "application/json", `"ok"`, "invalid JSON in the answer", false},
		{"logs are no strings", 200, "application/json", `{"Logs":[1]}`, "invalid JSON in the answer", false},
		{"empty body", 200, "application/json", "", "hang", true},
		{"blank body", 200, "application/json", " \r\n", "hang", true},
		{"null", 200, "application/json", "null", "hang", true},
		{"no content", 204, "", "", "hang", true},
		{"empty error", 500, "", "", "500", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &answer{status: tt.status, header: fields{{"Content-Type", tt.contentType}}, body: []byte(tt.body)}
			logs, err := a.outcome()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
			if errors.Is(err, ErrHangs) != tt.hangs {
				t.Errorf("hangs = %v, want %v", !tt.hangs, tt.hangs)
			}
			if wantLogs := tt.name == "all members"; (len(logs) == 1) != wantLogs {
				t.Errorf("logs = %q", logs)
			}
		})
	}
}

func TestFire(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer, want, logged string
	}{
		{"success with logs", `200|application/json|{"Logs":["swept 3 models"]}`, "", "swept 3 models"},
		{"failure", `500|application/json|{"Logs":["lost"]}`, "500", "Executed (Failed)"},
		{"empty body", `200|application/json|`, "the host would hang", "the host would hang"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, appFiles(t), map[string]string{"FUNCHOST_TEST_ANSWER": tt.answer, "AzureWebJobs.Tick.Disabled": "true"})
			err := r.Fire(t.Context(), "Tick")
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Fire = %v, want %q", err, tt.want)
			}
			if !r.logged(tt.logged) || r.logged("lost") {
				t.Errorf("log lacks %q, or has the logs of a failure", tt.logged)
			}
		})
	}
	r := start(t, appFiles(t), nil)
	for _, name := range []string{"Echo", "Nothing"} {
		if err := r.Fire(t.Context(), name); err == nil || !strings.Contains(err.Error(), "no timer function") {
			t.Errorf("Fire(%s) = %v", name, err)
		}
	}
}

func TestTimerTimeout(t *testing.T) {
	t.Parallel()
	files := appFiles(t)
	files["host.json"] = hostJSON(t, `"functionTimeout":"00:00:00.3"`)
	r := start(t, files, map[string]string{"FUNCHOST_TEST_ANSWER": "hang"})
	id := r.WorkerID()
	if err := r.Fire(t.Context(), "Tick"); !errors.Is(err, errFunctionTimeout) {
		t.Errorf("Fire = %v", err)
	}
	eventually(t, "another process", func() bool { return r.WorkerID() != id })
}

func TestTimerRunsOnSchedule(t *testing.T) {
	t.Parallel()
	files := appFiles(t)
	files["Tick/function.json"] = timerFunction("00:00:00.05", "")
	files["Off/function.json"] = timerFunction("00:00:00.05", "")
	r := start(t, files, map[string]string{"AzureWebJobs.Off.Disabled": "1", "FUNCHOST_TEST_ANSWER": "500|text/plain|no"})
	eventually(t, "three runs, though each fails", func() bool { return len(r.timerPosts()) >= 3 })
	for _, post := range r.timerPosts() {
		if post.URI != "/Tick" || !strings.Contains(post.Body, `"ScheduleStatus":null`) {
			t.Errorf("%s %s: want Tick only, and no status for a schedule below a minute", post.URI, post.Body)
		}
	}
}

func TestRunOnStartup(t *testing.T) {
	t.Parallel()
	files := appFiles(t)
	files["Tick/function.json"] = timerFunction(never, `,"useMonitor":false,"runOnStartup":true`)
	r := start(t, files, nil)
	eventually(t, "the run", func() bool { return len(r.timerPosts()) == 1 })
	if body := r.timerPosts()[0].Body; !strings.Contains(body, `"IsPastDue":false`) {
		t.Errorf("body = %s", body)
	}
}

// TestOneRunAtATime: a run waits for the one that hangs; HTTP and, beyond its
// time, Close do not.
func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	r := start(t, appFiles(t), map[string]string{"FUNCHOST_TEST_ANSWER": "hang"}, func(o *Options) { o.ShutdownTimeout = time.Millisecond })
	first := make(chan error, 1)
	go func() { first <- r.Fire(t.Context(), "Tick") }()
	eventually(t, "the first run", func() bool { return len(r.timerPosts()) == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Fire(ctx, "Tick"); !errors.Is(err, context.Canceled) {
		t.Errorf("Fire beside a run = %v, want it to wait until its context ends", err)
	}
	if n := len(r.timerPosts()); n != 1 {
		t.Errorf("%d runs at once", n)
	}
	_ = r.Close()
	if err := <-first; err == nil {
		t.Error("a run that was killed has succeeded")
	}
}

func TestStatusThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	files := appFiles(t)
	files["Tick/function.json"] = timerFunction(never, "")
	r := start(t, files, nil, func(o *Options) { o.StatusFile = filepath.Join(o.Root, "missing", "status") })
	if err := r.Fire(t.Context(), "Tick"); err != nil {
		t.Errorf("Fire = %v", err)
	}
	if !r.logged("timer status not saved") {
		t.Error("the failure is not logged")
	}
}

func TestPastDue(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "status.json")
	past := timerStatus{Last: at(t, "2020-02-29T00:00:00Z"), Next: at(t, "2024-02-29T00:00:00Z"), LastUpdated: at(t, "2020-02-29T00:00:00Z")}
	content, err := json.Marshal(map[string]timerStatus{"Tick": past})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	files := appFiles(t)
	files["Tick/function.json"] = timerFunction(never, `,"runOnStartup":true`)
	r := start(t, files, nil, func(o *Options) { o.StatusFile = file })
	eventually(t, "the run is recorded", func() bool { return statusOf(t, file, "Tick").Last.After(past.Last) })
	posts := r.timerPosts()
	if len(posts) != 1 || !strings.Contains(posts[0].Body, `"IsPastDue":true`) || !strings.Contains(posts[0].Body, `"Next":"2024-02-29T00:00:00+00:00"`) {
		t.Errorf("want one past due run, which beats runOnStartup: %v", posts)
	}
	_ = r.Close()
	if status := statusOf(t, file, "Tick"); !status.Next.After(time.Now()) {
		t.Errorf("status after the run: %+v", status)
	}
	again := start(t, files, nil, func(o *Options) { o.StatusFile = file })
	eventually(t, "the run on start-up", func() bool { return len(again.timerPosts()) == 1 })
	if body := again.timerPosts()[0].Body; !strings.Contains(body, `"IsPastDue":false`) {
		t.Errorf("past due twice: %s", body)
	}
}

func TestStatusAtStart(t *testing.T) {
	t.Parallel()
	s, err := parseSchedule("0 */5 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	day := func(clock string) time.Time {
		if clock == "" {
			return time.Time{}
		}
		return at(t, "2026-01-01T"+clock+"Z")
	}
	tests := []struct {
		name                string
		last, next, updated string
		now                 string
		wantLast, wantNext  string
		pastDue             bool
	}{
		{"first start", "", "", "", "00:01:00", "", "00:05:00", false},
		{"in time", "00:00:00", "00:05:00", "00:00:00", "00:04:00", "00:00:00", "00:05:00", false},
		{"past due", "00:00:00", "00:05:00", "00:00:00", "00:20:00", "00:00:00", "00:05:00", true},
		{"exactly now", "00:00:00", "00:05:00", "00:00:00", "00:05:00", "00:00:00", "00:05:00", false},
		{"never ran, past due", "", "00:05:00", "00:01:00", "00:06:00", "", "00:05:00", true},
		{"schedule changed, later", "00:00:00", "01:00:00", "00:00:00", "00:04:00", "", "00:05:00", false},
		{"schedule changed, past", "00:00:00", "01:00:00", "00:00:00", "02:01:00", "", "02:05:00", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			recorded := timerStatus{Last: day(tt.last), Next: day(tt.next), LastUpdated: day(tt.updated)}
			got, pastDue := recorded.atStart(s, day(tt.now))
			if pastDue != tt.pastDue || !got.Last.Equal(day(tt.wantLast)) || !got.Next.Equal(day(tt.wantNext)) {
				t.Errorf("got %+v, past due %v", got, pastDue)
			}
			if again, pastDue := got.atStart(s, day(tt.now)); pastDue != tt.pastDue || again != got {
				t.Errorf("a second start at once sees %+v, past due %v", again, pastDue)
			}
		})
	}
}

func FuzzTimerAnswer(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"Logs":["x"]}`))
	f.Add(204, "", []byte{})
	f.Add(200, "application/json", []byte("{}\v"))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		a := &answer{status: status, header: fields{{"Content-Type", contentType}}, body: body}
		logs, err := a.outcome()
		if err != nil && logs != nil {
			t.Error("a failure has logs")
		}
		if err == nil && (status < 200 || status > 299 || !json.Valid(body)) {
			t.Errorf("status %d with %q is a success", status, body)
		}
	})
}
