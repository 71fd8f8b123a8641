package schedule

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

const badText = `{"schedules":{"e":{"cron":"61 * * * *"}}}`

// A bad version is refused whole, and the good one before goes on: in this process, in
// the next, and until there is a new good one.
func TestBadVersionIsRefusedWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		good := fileText(`"every":"30m"`)
		s := newScene(t, good)
		r := s.runner()
		s.tick(r)
		s.text = badText
		for _, clock := range []string{"00:29", "00:30"} {
			until(clock)
			if got := s.tick(r); got.Trouble == nil || got.Trouble.Code != CodeFileInvalid || len(got.Trouble.Problems) != 3 {
				t.Errorf("%+v", got)
			}
		}
		until("01:00")
		s.tick(s.runner())
		s.wantSlots("e 2000-01-01T00:30Z", "e 2000-01-01T01:00Z")
		l, err := s.runner().List(t.Context())
		if err != nil || l.Version != Version([]byte(good)) || l.Trouble == nil || l.Trouble.Version != Version([]byte(badText)) ||
			!strings.Contains(l.Trouble.Message, "1:19: schedules.e.workspaceId") {
			t.Errorf("%v %+v %+v", err, l, l.Trouble)
		}
		s.text = fileText(`"every":"20m"`)
		s.tick(r)
		until("01:20")
		if got := s.tick(r); got.Trouble != nil || got.Started != 1 {
			t.Errorf("%+v", got)
		}
		if n := strings.Count(s.logged(), "event=schedule.failed"); n != 3 { // once for each process
			t.Errorf("got %d log lines of the refusal, want 3, one for each process:\n%s", n, s.logged())
		}
	})
}

func TestSourceThatIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m"`))
		s.noFile = errGone
		if got := s.tick(s.runner()); got.Trouble == nil || got.Trouble.Code != CodeFileMissing || got.Entries != 0 {
			t.Errorf("never there: %+v", got)
		}
		optional := s.runner()
		optional.loader.source.Optional = true
		if got := s.tick(optional); got != (Report{}) {
			t.Errorf("optional: %+v", got)
		}
		s.noFile = nil
		s.tick(s.runner())
		s.noFile = errors.New("no way through")
		until("00:30")
		if got := s.tick(s.runner()); got.Trouble == nil || got.Trouble.Code != CodeFileUnreadable || got.Started != 1 {
			t.Errorf("for a while: %+v: the last good one goes on", got)
		}
	})
}

// A source that cannot be read for a moment raises no alert, whatever the error says each
// time. If that lasts, it raises one.
func TestSourceThatCannotBeReadIsLoggedOnceItLasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m"`))
		r := s.runner()
		for minute := range 60 {
			s.noFile = nil
			if minute%20 >= 10 && minute < 30 || minute >= 40 {
				s.noFile = fmt.Errorf("no way through, request %d", minute)
			}
			got := s.tick(r)
			want := map[bool]int{true: 1}[minute > 50]
			if n := strings.Count(s.logged(), "event=schedule.failed"); n != want || (got.Trouble != nil) != (s.noFile != nil) {
				t.Fatalf("minute %d: got %d log lines, want %d; report %+v", minute, n, want, got)
			}
			time.Sleep(time.Minute)
		}
	})
}

// What keeps the last good file may fail in any way; the next tick mends it.
func TestKeepingTheLastGoodFileFails(t *testing.T) {
	t.Parallel()
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpCreate, leasetest.OpAcquire, leasetest.OpWrite} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, fileText(`"every":"30m"`))
			s.tick(s.runner())
			s.text = fileText(`"every":"20m"`)
			s.store.Reset()
			s.store.On(op, func(c leasetest.Call) (bool, error) {
				return c.Name != lastGoodName, map[bool]error{true: errors.New("broken")}[c.Name == lastGoodName]
			})
			r := s.runner()
			s.tick(r)
			s.store.On(op, leasetest.Pass)
			time.Sleep(time.Minute)
			s.tick(r)
			s.noFile = errors.New("broken")
			until("00:20")
			if got := s.tick(s.runner()); got.Started != 1 {
				t.Errorf("%s failed: %+v\n%s", op, got, s.logged())
			}
		})
	}
}

// The last good file of another source is none of this one's.
func TestLastGoodBelongsToItsSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, fileText(`"every":"30m"`))
		s.tick(s.runner())
		s.text = badText
		other := s.runner()
		other.loader.source.Name = "blob:other.json"
		if got := s.tick(other); got.Entries != 0 || got.Trouble == nil {
			t.Errorf("%+v", got)
		}
	})
}

func TestSources(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "schedules.json")
	file := FromFile(path, true)
	if _, err := file.Read(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := file.Read(t.Context()); err != nil || string(b) != "x" || file.Name != path {
		t.Errorf("%q %v", b, err)
	}
	store := lease.NewMemory()
	blob := FromBlob(store, "schedules.json")
	if _, err := blob.Read(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	store.Overwrite("schedules.json", []byte("y"), nil)
	if b, err := blob.Read(t.Context()); err != nil || string(b) != "y" || blob.Name != "blob:schedules.json" {
		t.Errorf("%q %v", b, err)
	}
}

func TestListing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, `{"schedules":{"a":`+entryText(`"cron":"0 6 * * *","timeZone":"Europe/Berlin","spread":"30m"`)+`,"off":`+
			entryText(`"every":"1h","enabled":false`)+`,"never":`+entryText(`"every":"1m","blackout":[{"from":"00:00","to":"24:00"}]`)+`}}`)
		r := s.runner()
		before, err := r.List(t.Context())
		if err != nil || len(before.Entries) != 3 || before.Entries[0].Targets[0].Last != nil {
			t.Fatalf("%v %+v", err, before)
		}
		s.tick(r)
		until("05:01")
		s.tick(r)
		now := utc(t, "2000-01-01T05:01")
		spread, err := r.List(t.Context())
		if err != nil || !spread.Entries[0].Targets[0].Start.After(now) || spread.Entries[0].Targets[0].Start.Sub(now) > 30*time.Minute {
			t.Errorf("%v: the start of the slot that has just passed is still ahead: %+v", err, spread.Entries[0].Targets[0])
		}
		until("05:30")
		s.tick(r)
		l, err := r.List(t.Context())
		if err != nil || l.Source != "test.json" || !l.Since.Equal(utc(t, "2000-01-01T00:00")) {
			t.Fatalf("%v %+v", err, l)
		}
		a := l.Entries[0]
		if len(a.Next) != 5 || a.Next[0].Format(time.RFC3339) != "2000-01-02T06:00:00+01:00" || a.Targets[0].Model != model() {
			t.Errorf("%+v", a)
		}
		if start := a.Targets[0].Start; !start.Equal(a.Entry.Start(model(), a.Next[0])) || start.Before(a.Next[0]) {
			t.Errorf("start %v", start)
		}
		if last := a.Targets[0].Last; last == nil || !last.Slot.Equal(utc(t, "2000-01-01T05:00")) || last.ID == "" {
			t.Errorf("last %+v", last)
		}
		if len(l.Entries[1].Next)+len(l.Entries[2].Next) != 0 || !l.Entries[1].Targets[0].Start.IsZero() {
			t.Errorf("entries without slots: %+v", l.Entries[1:])
		}
	})
}

func TestFromWindows(t *testing.T) {
	t.Parallel()
	n := 0
	for line := range strings.Lines(windowsZones) {
		windows, iana, ok := strings.Cut(strings.TrimSpace(line), "=")
		if windows == "" {
			continue
		}
		n++
		if got, known := FromWindows(strings.ToUpper(windows)); !ok || !known || got != iana {
			t.Errorf("%s: %s %t", windows, got, known)
		}
		zoneNamed(t, iana)
	}
	if n < 130 {
		t.Errorf("only %d zones", n)
	}
	for _, name := range []string{"", "=", "Europe/Berlin", "W. Europe"} {
		if got, known := FromWindows(name); known {
			t.Errorf("%q is %s", name, got)
		}
	}
}
