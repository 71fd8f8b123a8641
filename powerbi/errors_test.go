package powerbi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pbirefresh/internal/foreign"
)

func TestErrorIsOneLine(t *testing.T) {
	t.Parallel()
	e := &Error{
		Op: "start refresh", Code: CodeThrottled, Status: 429, Message: "too many", Remedy: "send fewer",
		PowerBICode: "X", RequestID: "id-1", RetryAfter: 90 * time.Second, Outcome: Refused,
	}
	want := "powerbi: start refresh: Throttled (429 X): too many; not before 1m30s; send fewer [request id-1]"
	if e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
	if got := (&Error{Op: "x", Code: CodeTimeout}).Error(); got != "powerbi: x: Timeout" {
		t.Errorf("bare error: %s", got)
	}
}

func TestErrorLogsItsParts(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	e := &Error{Op: "start refresh", Code: CodeBusy, Status: 400, PowerBICode: "InvalidRequest", RequestID: "id-1", Outcome: Refused, RetryAfter: time.Second}
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "err", e)
	for _, part := range []string{"err.code=Busy", "err.outcome=Refused", "err.status=400", "err.powerbiCode=InvalidRequest", "err.requestId=id-1", "err.retryAfter=1s"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q lacks %q", b.String(), part)
		}
	}
}

func TestHasCodeAndOutcomeOf(t *testing.T) {
	t.Parallel()
	e := fmt.Errorf("wrapped: %w", &Error{Code: CodeBusy, Outcome: Refused, err: context.Canceled})
	switch {
	case !HasCode(e, CodeNotFound, CodeBusy):
		t.Error("the code is not found")
	case HasCode(e, CodeNotFound), HasCode(nil, CodeBusy), HasCode(errors.New("x"), CodeBusy):
		t.Error("a code that is not there is found")
	case !errors.Is(e, context.Canceled):
		t.Error("the cause is lost")
	case OutcomeOf(e) != Refused, OutcomeOf(errors.New("x")) != Unknown:
		t.Error("wrong outcome")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		Unknown.String(): "Unknown", NotSent.String(): "NotSent", Refused.String(): "Refused", Outcome(9).String(): "Outcome(?)",
		InProgress.String(): "InProgress", Succeeded.String(): "Succeeded", Failed.String(): "Failed",
		Cancelled.String(): "Cancelled", Result(9).String(): "Result(?)",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\n b\t\tc\r\n":                           "a b c",
		"red \x1b[31malert":                        "red [31malert",
		"bad \xff utf8":                            "bad ? utf8",
		"abcdefghijklmnopqrst":                     "abcdefghijklmno...",
		"sent eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln": "sent ***",
		"eyJhbGciOiJub25lIn0":                      "***",
	} {
		if got := foreign.Masked(in, 15); got != want {
			t.Errorf("foreign.Masked(%q) = %q, want %q", in, got, want)
		}
	}
}
