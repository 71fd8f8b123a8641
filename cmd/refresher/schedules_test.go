package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/lease"
	"pbirefresh/schedule"
)

func TestScheduleSource(t *testing.T) {
	t.Parallel()
	store := lease.NewMemory()
	store.Overwrite("config/schedules.json", []byte("from the blob"), nil)
	path := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(path, []byte("from the file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		setting, name, text string
		optional            bool
	}{
		{"", "schedules.json", "", true},
		{path, path, "from the file", false},
		{"blob:config/schedules.json", "blob:config/schedules.json", "from the blob", false},
	} {
		s := scheduleSource(mustRead(t, map[string]string{"SCHEDULES_FILE": tc.setting}).schedulesFile, store)
		text, err := s.Read(t.Context())
		if s.Name != tc.name || s.Optional != tc.optional || string(text) != tc.text || (err != nil) != (tc.text == "") {
			t.Errorf("%q: %+v reads %q, %v", tc.setting, s, text, err)
		}
	}
}

func TestWrongScheduleBlobs(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"blob:", "blob:models/x/y.json", "blob:keys/status.json", "blob:schedules/progress.json", "blob:a//b", "blob:../x",
		"blob:a b", "blob:x.", "blob:archive", "blob:callbacks/x", "blob:sweep/cursor.json", "blob:audit/x", "blob:https://x"} {
		_, err := readSettings(environ(t, map[string]string{"SCHEDULES_FILE": value}).get)
		if err == nil || !strings.Contains(err.Error(), "SCHEDULES_FILE") || strings.Contains(err.Error(), strings.TrimPrefix(value, "blob:")+" ") && len(value) > 5 {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// The wired program reads a file as the route reads a body.
func TestSchedulesAreWired(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.json")
	text := `{"schedules":{"e":{"workspaceId":"` + aGUID + `","datasetId":"` + anotherGUID + `","every":"1h","options":{"type":"sideways"}}}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := newApp(mustRead(t, map[string]string{"SCHEDULES_FILE": path, "WEBSITE_HOSTNAME": "app.example.com"}), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for method, target := range map[string]string{"GET": "/api/schedules", "POST": "/RefreshSchedule"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, target, strings.NewReader(timerPayload))
		if method == "POST" {
			r.Header.Set("User-Agent", hostAgent)
		} else {
			r.Header.Set("x-functions-key", "k")
		}
		a.routes.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "FileInvalid") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
		if method == "GET" && !strings.Contains(w.Body.String(), "schedules.e.options.type") {
			t.Errorf("%s", w.Body)
		}
	}
}

// A slot of a model that ALLOWED_MODELS does not list is refused, and told.
func TestSchedulesAreHeldToAllowedModels(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.json")
	text := []byte(`{"schedules":{"e":{"workspaceId":"` + aGUID + `","datasetId":"` + anotherGUID + `","every":"1m"}}}`)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := newApp(mustRead(t, map[string]string{"SCHEDULES_FILE": path, "ALLOWED_MODELS": anotherGUID}), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := schedule.Parse(text, handler.ScheduleRequest(0))
	if err != nil {
		t.Fatal(err)
	}
	known, _ := schedule.State{}.Adopt(f, time.Now().Add(-90*time.Second))
	body, err := known.Encode()
	if err == nil {
		_, err = a.store.Create(t.Context(), "schedules/progress.json", body, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if report, err := a.clock.Tick(t.Context()); err != nil || report.Refused < 1 || report.Started != 0 {
		t.Errorf("%+v %v", report, err)
	}
}
