package handler

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// A lease that others keep ends as a 503 that names the blob, its holder, since when, and
// the command that breaks it: at once if it has no end, and else after the caller's wait,
// which is less than a minute.
func TestHeldLeaseIsNamed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hold  func(*lease.Memory, string)
		words string
		least time.Duration
		most  time.Duration
	}{
		"without an end": {(*lease.Memory).Seize, "by somebody else, without an end", 0, time.Second},
		"again and again": {func(m *lease.Memory, blob string) {
			go func() {
				for range 8 {
					_, _ = m.Acquire(context.Background(), blob, "69ffaa6c-e36d-4d01-96f5-1ee67c64bbaf", lease.Duration)
					time.Sleep(10 * time.Second)
				}
			}()
		}, "by other holders", 45 * time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLive(t, time.Minute, machine.RowCompleted)
				d := l.accepted()
				blob := refresh.StateName(machine.Model{WorkspaceID: d.WorkspaceID, DatasetID: d.DatasetID})
				time.Sleep(time.Second) // its lease is given back
				tc.hold(l.store.(*lease.Memory), blob)
				synctest.Wait()
				began := time.Now()
				a := l.trigger(wholeModel(), "Prefer: wait=45").is(http.StatusServiceUnavailable).has("Retry-After", "5")
				if took := time.Since(began); took < tc.least || took > tc.most {
					t.Errorf("answered after %v, want %v to %v", took, tc.least, tc.most)
				}
				since := "since " + began.UTC().Format("2006-01-02T15:04")
				for _, want := range []string{blob, tc.words, since, "az storage blob lease break", "--blob-name " + blob, "Nothing was started"} {
					if !strings.Contains(string(a.raw), want) {
						t.Errorf("the answer is %s, want %q in it", a.raw, want)
					}
				}
				rest()
			})
		})
	}
}
