package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// scripted answers polls in order, the last answer for ever: "code Retry-After body".
type scripted struct{ answers []string }

func (s *scripted) Do(r *http.Request) (*http.Response, error) {
	var code, after int
	var body string
	text := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if _, err := fmt.Sscan(text, &code, &after, &body); err != nil {
		return nil, err
	}
	resp := &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
	resp.Header.Set("Content-Type", "application/json")
	if after > 0 {
		resp.Header.Set("Retry-After", fmt.Sprint(after))
	}
	return resp, nil
}

// follow gives the outcome of a poller that only that header shows the way.
func (s *scripted) follow(t *testing.T, header string) string {
	t.Helper()
	pipeline := runtime.NewPipeline("test", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: s})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, testBase, nil)
	if err != nil {
		t.Fatal(err)
	}
	started := &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{header: {testStatusURL}}, Body: http.NoBody, Request: r}
	poller, err := runtime.NewPoller[map[string]any](started, pipeline, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	_, err = poller.PollUntilDone(ctx, nil)
	var e *azcore.ResponseError
	switch {
	case err == nil:
		return "succeeds"
	case errors.Is(err, context.DeadlineExceeded):
		return "polls for ever"
	case errors.As(err, &e) && e.ErrorCode != "":
		return e.ErrorCode
	}
	return "fails"
}

// Why a failure is a 409 with status Failed, and nothing else will do: what the pollers
// of azcore make of other answers. The row that we send is the first.
func TestPollersOfOtherAnswers(t *testing.T) {
	t.Parallel()
	const failed = `{"status":"Failed","error":{"code":"RefreshFailed","message":"why"}}`
	for _, tc := range []struct {
		answers           []string
		operation, locate string // by Operation-Location, by Location
	}{
		{[]string{`202 5 {"status":"Running"}`, "409 0 " + failed}, "RefreshFailed", "RefreshFailed"},
		{[]string{"422 0 " + failed}, "RefreshFailed", "RefreshFailed"},
		{[]string{"200 0 " + failed}, "RefreshFailed", "succeeds"},
		{[]string{"500 0 " + failed}, "RefreshFailed", "polls for ever"},
		{[]string{"429 1 {}", `200 0 {"status":"Succeeded"}`}, "succeeds", "succeeds"},
		{[]string{"429 120 {}", `200 0 {"status":"Succeeded"}`}, "fails", "succeeds"},
		{[]string{`200 0 {"status":"TimedOut"}`}, "polls for ever", "succeeds"},
		{[]string{`200 0 {"id":"7"}`}, "fails", "succeeds"},
	} {
		for header, want := range map[string]string{"Operation-Location": tc.operation, "Location": tc.locate} {
			t.Run(header+" "+strings.Join(tc.answers, ", "), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					if got := (&scripted{tc.answers}).follow(t, header); got != want {
						t.Errorf("%s, want %s", got, want)
					}
				})
			})
		}
	}
}
