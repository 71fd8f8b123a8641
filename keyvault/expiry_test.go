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

// TestTheEndIsToldInTime: from thirty days on, once a day whoever asks how often, and
// after the end as well.
func TestTheEndIsToldInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.expires = time.Now().Add(40*24*time.Hour + time.Minute)
		o := options(w)
		var told []int
		o.OnExpiring = func(e Expiring) {
			told = append(told, e.Days)
			if e.Version != "v1" || !e.At.Equal(w.expires.Truncate(time.Second).UTC()) {
				t.Errorf("told %+v", e)
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
		if !slices.Equal(told, want) {
			t.Errorf("told on days\n%v, want\n%v", told, want)
		}
		later := time.Now().Add(100 * 24 * time.Hour)
		w.set(func(w *world) { w.expires, w.version = later, "v2" })
		told = nil
		for range 48 {
			time.Sleep(time.Hour)
			if _, err := get(t, c); err != nil {
				t.Fatal(err)
			}
		}
		if len(told) != 0 {
			t.Errorf("the secret was renewed, and yet: %v", told)
		}
	})
}

// TestNoDateNoReminder: a secret without an expiry date says nothing.
func TestNoDateNoReminder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := options(w)
	o.OnExpiring = func(e Expiring) { t.Errorf("told %+v", e) }
	c := newCredential(t, o)
	wantToken(t, c, "token-1")
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
