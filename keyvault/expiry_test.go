package keyvault

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestDaysLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]int{
		31*24*time.Hour - time.Second: 30, 30 * 24 * time.Hour: 30, 24 * time.Hour: 1, 24*time.Hour - 1: 0, time.Minute: 0, -time.Minute: -1, -25 * time.Hour: -2,
	} {
		if got := daysLeft(now.Add(left), now); got != want {
			t.Errorf("%v left: %d days, want %d", left, got, want)
		}
	}
}

// TestTheEndIsReported: from thirty days on, once a day however often tokens are requested,
// and after the end as well.
func TestTheEndIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.expires = time.Now().Add(40*24*time.Hour + time.Minute)
		o := options(w)
		var reported []int
		o.OnExpiring = func(e Expiring) {
			reported = append(reported, e.Days)
			if e.Version != "v1" || !e.At.Equal(w.expires.Truncate(time.Second).UTC()) {
				t.Errorf("reported %+v, want version v1 and %v", e, w.expires)
			}
		}
		c := newCredential(t, o)
		for range 42 * 24 { // every hour for six weeks
			if err := c.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		want := []int{}
		for day := 30; day > -3; day-- {
			want = append(want, day)
		}
		if !slices.Equal(reported, want) {
			t.Errorf("reported on days\n%v, want\n%v", reported, want)
		}
		later := time.Now().Add(100 * 24 * time.Hour)
		w.set(func(w *world) { w.expires, w.version = later, "v2" })
		reported = nil
		for range 48 {
			time.Sleep(time.Hour)
			if _, err := get(t, c); err != nil {
				t.Fatal(err)
			}
		}
		if len(reported) != 0 {
			t.Errorf("reported on days %v after a renewal, want none", reported)
		}
	})
}

// TestNoDateNoReminder: a secret without an expiry date is not reported.
func TestNoDateNoReminder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := options(w)
	o.OnExpiring = func(e Expiring) { t.Errorf("reported %+v, want nothing", e) }
	c := newCredential(t, o)
	wantToken(t, c, "token-1")
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
