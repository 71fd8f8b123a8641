package powerbi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNewClientRefuses(t *testing.T) {
	t.Parallel()
	good := clouds()[0]
	plain, _ := good.Override("http://127.0.0.1:80", "", "")
	for name, try := range map[string]func() (*Client, error){
		"no credential": func() (*Client, error) { return NewClient(nil, Options{}) },
		"plain http":    func() (*Client, error) { return NewClient(new(identity), Options{Cloud: plain}) },
		"no scope": func() (*Client, error) {
			return NewClient(new(identity), Options{Cloud: Cloud{API: good.API, Authority: good.Authority}})
		},
	} {
		if c, err := try(); err == nil || c != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if c, err := NewClient(new(identity), Options{}); err != nil || c.api != good.API || c.userAgent != "pbirefresh/dev" {
		t.Errorf("the defaults gave %+v, %v", c, err)
	}
}

// TestRepeats: reads are repeated, changes never (peers that repeat the POST get two
// refreshes).
func TestRepeats(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection lost")
	for _, tt := range []struct {
		name   string
		answer func() (*http.Response, error)
		reads  int
	}{
		{"connection lost", breaks(lost), 3},
		{"unexpected end", breaks(io.ErrUnexpectedEOF), 3},
		{"500", replies(500, ""), 3},
		{"503 with a short wait", replies(503, "", "Retry-After: 1"), 3},
		{"503 with a long wait", replies(503, "", "Retry-After: 600"), 1},
		{"429", replies(429, throttled), 1},
		{"400", replies(400, ""), 1},
		{"404", replies(404, ""), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, read, cancel := inTurn(tt.answer), inTurn(tt.answer), inTurn(tt.answer)
				if _, err := newClient(t, start, nil).StartRefresh(t.Context(), model(), RefreshRequest{Type: "Full"}); err == nil {
					t.Error("no error")
				}
				if err := newClient(t, cancel, nil).CancelRefresh(t.Context(), model(), aRefreshID); err == nil {
					t.Error("no error")
				}
				begun := time.Now()
				if _, err := newClient(t, read, nil).Refreshes(t.Context(), model(), 1); err == nil {
					t.Error("no error")
				}
				if took := time.Since(begun); took > 10*time.Second {
					t.Errorf("a failing read took %v", took)
				}
				if s, c, r := len(start.requests()), len(cancel.requests()), len(read.requests()); s != 1 || c != 1 || r != tt.reads {
					t.Errorf("%d POST, %d DELETE, %d GET; want 1, 1, %d", s, c, r, tt.reads)
				}
			})
		})
	}
}

func TestReadRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := inTurn(breaks(io.EOF), replies(502, "<html>"), replies(200, `[`+rowRunning+`]`))
		h, err := newClient(t, w, nil).Refreshes(t.Context(), model(), 1)
		if err != nil || len(h.Rows) != 1 {
			t.Errorf("got %+v, %v", h, err)
		}
	})
}

// TestHungCall: one call cannot hang for longer than its time-out (a peer's one
// time-out for call and wait let a call hang for days).
func TestHungCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		begun := time.Now()
		_, err := newClient(t, w, nil).StartRefresh(t.Context(), model(), RefreshRequest{})
		if e := asError(t, err); e.Code != CodeTimeout || e.Outcome != Unknown || time.Since(begun) != 9*time.Second {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
	})
}

func TestWorkspace(t *testing.T) {
	t.Parallel()
	// documented: GET /groups/{id}
	w := always(200, `{"id":"`+workspaceID+`","isReadOnly":false,"isOnDedicatedCapacity":true,"capacityId":"0f084df7-c13d-451b-af5f-ed0c466403b2","defaultDatasetStorageFormat":"Small","name":"Sample Group 1"}`)
	got, err := newClient(t, w, nil).Workspace(t.Context(), workspaceID)
	want := Workspace{workspaceID, "Sample Group 1", true, "0f084df7-c13d-451b-af5f-ed0c466403b2"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if u := w.requests()[0].url; !strings.HasSuffix(u, "/v1.0/myorg/groups/"+workspaceID) {
		t.Errorf("asked %s", u)
	}
	shared, err := newClient(t, always(200, `{"isOnDedicatedCapacity":"false"}`), nil).Workspace(t.Context(), workspaceID)
	if err != nil || shared.OnDedicatedCapacity || shared.CapacityID != "" {
		t.Errorf("got %+v, %v", shared, err)
	}
}
