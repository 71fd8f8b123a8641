package main

import (
	"strings"
	"testing"
)

// Problems are told to every caller, and a value in the wrong place may be a secret.
func TestProblemsDoNotRepeatValues(t *testing.T) {
	t.Parallel()
	const value = "pasted~s3cret?#@"
	for _, name := range documented() {
		if name == "FUNCTIONS_CUSTOMHANDLER_PORT" || name == "SWEEP_SCHEDULE" || name == "POWERBI_SCOPE" {
			continue // any text will do, or the host sets it
		}
		_, err := readSettings(environ(t, map[string]string{"STATE_STORAGE": "-", name: value}).get)
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLocalHostNameIsNoBaseURL(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"localhost:7071": "", "127.0.0.1:7071": "", "app.azurewebsites.net": "https://app.azurewebsites.net",
		"localhost-7.azurewebsites.net": "https://localhost-7.azurewebsites.net",
	} {
		if got := mustRead(t, map[string]string{"WEBSITE_HOSTNAME": host}).baseURL; got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

func TestReadinessTellsThatTheTimerCannotRun(t *testing.T) {
	t.Parallel()
	if err := sweepCheck(mustRead(t, nil)); err != nil {
		t.Errorf("%v", err)
	}
	err := sweepCheck(mustRead(t, map[string]string{"SWEEP_SCHEDULE": "-"}))
	if err == nil || !strings.Contains(err.Error(), "SWEEP_SCHEDULE") {
		t.Errorf("%v", err)
	}
}
