package powerbi

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestAnswersToReads: the same answer means less to a read than to a start.
func TestAnswersToReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		headers []string
		code    Code
		outcome Outcome
	}{
		// answers of proxies and firewalls
		{"firewall", 403, "<html><head><title>No entry</title></head></html>", []string{"Server: squid/6.1"}, CodeNotPowerBI, Refused},
		{"proxy sign-in", 407, "", nil, CodeNotPowerBI, Refused},
		{"portal", 200, "<title>Sign in</title>", []string{"Content-Type: text/html"}, CodeNotPowerBI, Unknown},
		{"redirect of another kind", 307, "", []string{"Server: portal"}, CodeNotPowerBI, Unknown},
		// RFC 6750; unverified for Power BI
		{"challenge", 401, "", []string{`WWW-Authenticate: Bearer error="invalid_token"`}, CodeTokenRejected, Refused},
		{"byte order mark", 415, utf8BOM + `{"error":{"code":"InvalidRequest","message":"This API can only be called on a Model-based dataset"}}`, nil, CodeNotModelBased, Refused},
		// seen: a Reader's attempt to read the history
		{"role may only read", 403, `{"error":{"code":"Unauthorized","message":"no write permission"}}`, nil, CodeForbidden, Refused},
		// seen: push datasets
		{"not model based", 415, `{"error":{"code":"InvalidRequest","message":"Invalid dataset. This API can only be called on a Model-based dataset"}}`, nil, CodeNotModelBased, Refused},
		{"not found", 404, shape2Body("PowerBIEntityNotFound"), nil, CodeNotFound, Refused},
		{"no workspace access", 401, "", []string{"X-PowerBI-Error-Info: GroupNotAccessible"}, CodeNotAuthorized, Refused},
		{"tenant setting off", 403, `{"Message":"API is not accessible for application"}`, nil, CodeAPINotAccessible, Refused},
		{"throttled", 429, throttled, nil, CodeThrottled, Refused},
		{"a premium word in a read's refusal is no hint", 400, `{"error":{"code":"InvalidRequest","message":"Premium only"}}`, nil, CodeBadRequest, Refused},
		{"a bare conflict of a read is not busy", 409, "", nil, CodeBadRequest, Refused},
		{"redirect", 302, "", []string{"Location: https://login.example/"}, CodeNotPowerBI, Unknown},
		{"no content", 204, "", nil, CodeUnexpected, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, read := range []func(*Client) error{
				func(c *Client) error { _, err := c.Refreshes(t.Context(), model(), 1); return err },
				func(c *Client) error { _, err := c.refreshDetail(t.Context(), model(), aRefreshID); return err },
				func(c *Client) error { _, err := c.Workspace(t.Context(), workspaceID); return err },
			} {
				e := asError(t, read(newClient(t, always(tt.status, tt.body, tt.headers...), nil)))
				want := tt.code
				if want == CodeNotFound && e.Op == "read workspace" {
					want = CodeWorkspaceNotFound // there is nothing else that it could be about
				}
				if e.Code != want || e.Outcome != tt.outcome || e.Status != tt.status {
					t.Errorf("%s: got %s %s %d, want %s %s", e.Op, e.Code, e.Outcome, e.Status, want, tt.outcome)
				}
				if e.Op == "" || strings.Contains(e.Error(), "  ") {
					t.Errorf("%d %s: got the text %q, want one with its operation and no double spaces", tt.status, tt.body, e.Error())
				}
				if words := betweenWords(tt.status, tt.body, tt.headers); tt.code == CodeNotPowerBI && e.Message != words {
					t.Errorf("%d %s %q: got the message %q, want %q", tt.status, tt.body, tt.headers, e.Message, words)
				}
			}
		})
	}
}

// betweenWords are the words for an answer that Power BI did not give.
func betweenWords(status int, body string, headers []string) string {
	words := fmt.Sprintf("something between this app and Power BI answered (HTTP %d %s", status, http.StatusText(status))
	if _, title, found := strings.Cut(body, "<title>"); found {
		title, _, _ = strings.Cut(title, "<")
		words += fmt.Sprintf(", page %q", title)
	}
	for _, h := range headers {
		if server, found := strings.CutPrefix(h, "Server: "); found {
			words += ", Server: " + server
		}
	}
	return words + ")"
}

// TestByteOrderMark: one before an answer is skipped, whatever the answer is to.
func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	row := `{"requestId":"` + aRefreshID + `","status":"Completed","extendedStatus":"Completed"}`
	h, err := newClient(t, always(200, utf8BOM+`{"value":[`+row+`]}`), nil).Refreshes(t.Context(), model(), 1)
	if err != nil || len(h.Rows) != 1 || h.Rows[0].RequestID != aRefreshID {
		t.Errorf("history: got %+v, %v", h, err)
	}
	if d, err := newClient(t, always(200, utf8BOM+row), nil).refreshDetail(t.Context(), model(), aRefreshID); err != nil || d.Status != StatusCompleted {
		t.Errorf("detail: got %+v, %v", d, err)
	}
	if w, err := newClient(t, always(200, utf8BOM+`{"isOnDedicatedCapacity":true}`), nil).Workspace(t.Context(), workspaceID); err != nil || !w.OnDedicatedCapacity {
		t.Errorf("workspace: got %+v, %v", w, err)
	}
	accepted := always(202, utf8BOM, "RequestId: "+aRefreshID)
	if s, err := newClient(t, accepted, nil).StartRefresh(t.Context(), model(), RefreshRequest{}); err != nil || s.RefreshID != aRefreshID {
		t.Errorf("start: got %+v, %v", s, err)
	}
}

// TestUnreadableAnswers: a proxy's page with status 200 is no fact about a refresh.
func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()
	for body, code := range map[string]Code{"<html>Sign in</html>": CodeNotPowerBI, "": CodeUnexpected, "[": CodeUnexpected,
		`"text"`: CodeUnexpected, "7": CodeUnexpected} {
		c := newClient(t, always(200, body, "RequestId: r1"), nil)
		_, history := c.Refreshes(t.Context(), model(), 1)
		_, detail := c.refreshDetail(t.Context(), model(), aRefreshID)
		_, workspace := c.Workspace(t.Context(), workspaceID)
		for _, err := range []error{history, detail, workspace} {
			e := asError(t, err)
			if e.Code != code || e.RequestID != "r1" || e.Status != 200 || e.Outcome != Unknown {
				t.Errorf("%q: got %+v, want %s", body, e, code)
			}
		}
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := tokens("token-2")
	c := newClient(t, w, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { _ = c.Warm(t.Context()) })
		wg.Go(func() { _ = c.RenewToken(t.Context()) })
		wg.Go(func() { _, _ = c.StartRefresh(t.Context(), model(), RefreshRequest{Type: "Full"}) })
		wg.Go(func() { _, _ = c.Refreshes(t.Context(), model(), 3) })
		wg.Go(func() { _, _ = c.Observe(t.Context(), model(), aRefreshID) })
		wg.Go(func() { _ = c.CancelRefresh(t.Context(), model(), aRefreshID) })
		wg.Go(func() { _, _ = c.Workspace(t.Context(), workspaceID) })
	}
	wg.Wait()
	if _, err := c.Refreshes(t.Context(), model(), 1); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	for _, r := range w.requests() {
		if r.header.Get("User-Agent") == "" || r.header.Get("Authorization") == "" {
			t.Errorf("a request without its headers: %+v", r)
		}
	}
}
