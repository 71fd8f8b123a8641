package powerbi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkspacesRemember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		var fail error
		w := NewWorkspaces(func(_ context.Context, id string) (Workspace, error) {
			n++
			return Workspace{ID: id, Name: fmt.Sprint(n)}, fail
		}, time.Hour)
		get := func(want string) {
			t.Helper()
			if ws, err := w.Get(t.Context(), strings.ToUpper(workspaceID)); err != nil || ws.Name != want {
				t.Errorf("got %+v, %v, want read %s", ws, err, want)
			}
		}
		get("1")
		time.Sleep(59 * time.Minute)
		get("1")
		time.Sleep(time.Minute)
		get("2")
		if ws, err := w.Fresh(t.Context(), workspaceID); err != nil || ws.Name != "3" {
			t.Errorf("fresh: %+v, %v", ws, err)
		}
		get("3")
		fail = errors.New("down")
		if _, err := w.Fresh(t.Context(), workspaceID); !errors.Is(err, fail) {
			t.Errorf("fresh while down: %v", err)
		}
		get("3") // an error forgets nothing
		time.Sleep(2 * time.Hour)
		if _, err := w.Get(t.Context(), workspaceID); !errors.Is(err, fail) {
			t.Errorf("too old, while down: %v", err)
		}
		fail = &Error{Code: CodeThrottled}
		get("3") // throttled reads keep no refresh back
		if _, err := w.Get(t.Context(), "another"); !HasCode(err, CodeThrottled) {
			t.Errorf("never read, while throttled: %v", err)
		}
	})
}

func TestWorkspacesAreBounded(t *testing.T) {
	t.Parallel()
	w := NewWorkspaces(func(_ context.Context, id string) (Workspace, error) { return Workspace{ID: id}, nil }, time.Hour)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range maxWorkspaces {
				if _, err := w.Get(t.Context(), fmt.Sprint(i, "-", j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(w.known) > maxWorkspaces {
		t.Errorf("%d are remembered", len(w.known))
	}
}
