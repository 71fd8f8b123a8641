package lease_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
)

func TestNewIDPassesCheck(t *testing.T) {
	t.Parallel()
	for range 100 {
		if err := lease.CheckAcquire(lease.NewID(), lease.MinTTL); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheckAcquireKeepsTheID: an id is a bearer secret, also a malformed one.
func TestCheckAcquireKeepsTheID(t *testing.T) {
	t.Parallel()
	err := lease.CheckAcquire("S3CRET", lease.MinTTL)
	if err == nil || strings.Contains(err.Error(), "S3CRET") {
		t.Fatalf("%v: want an error without the id", err)
	}
}

func TestCheckTTL(t *testing.T) {
	t.Parallel()
	for ttl, ok := range map[time.Duration]bool{
		lease.MinTTL - 1: false, lease.MinTTL: true, 20500 * time.Millisecond: false,
		lease.MaxTTL: true, lease.MaxTTL + time.Second: false, -time.Second: false,
	} {
		if err := lease.CheckAcquire(lease.NewID(), ttl); (err == nil) != ok {
			t.Errorf("%v: %v, want it accepted: %v", ttl, err, ok)
		}
	}
}

func TestCheckLimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{-1: 0, 0: 0, 1: 1, 4999: 4999, 5000: 5000, 5001: 5000} {
		got, err := lease.CheckLimit(limit)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%d: %d, %v; want %d", limit, got, err, want)
		}
	}
}

// TestCheckName adds to the conformance suite what it cannot send.
func TestCheckName(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		strings.Repeat("ü", 1024): true, strings.Repeat("ü", 1025): false,
		"...a": true, "a..b": true, "a b": true, "...": false, "a/ /b": true, "\u0085": false, "a\uffff": false, "a\\": false,
	} {
		if err := lease.CheckName(name); (err == nil) != ok {
			t.Errorf("%.20q: %v, want it accepted: %v", name, err, ok)
		}
	}
}

// FuzzCheckName: an accepted name survives a URL unchanged.
func FuzzCheckName(f *testing.F) {
	for _, name := range []string{"models/a/b.json", "a//b", "../a", "a/..", "ü%2F", "a?b#c", ".", "a/.b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if lease.CheckName(name) != nil {
			return
		}
		u, err := url.Parse("https://host/container/" + url.PathEscape(name))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if got := strings.TrimPrefix(u.Path, "/container/"); got != name {
			t.Fatalf("%q is sent as %q", name, got)
		}
		plain := &url.URL{Path: "/container/" + name}
		if got := plain.JoinPath().Path; got != plain.Path {
			t.Fatalf("%q is resolved to %q", name, got)
		}
	})
}

// FuzzCheckMeta: accepted metadata is legal in a header and not trimmed there.
func FuzzCheckMeta(f *testing.F) {
	f.Add("due", "2026-08-01T06:00:00Z")
	f.Add("Due", " x ")
	f.Add("a b", "a\r\nb")
	f.Fuzz(func(t *testing.T, key, value string) {
		if lease.CheckMeta(lease.Meta{key: value}) != nil {
			return
		}
		if key != strings.ToLower(key) || strings.ContainsAny(key, " -:\r\n") || key == "" {
			t.Fatalf("key %q", key)
		}
		if value == "" || value != strings.TrimSpace(value) || strings.ContainsAny(value, "\r\n\x00") {
			t.Fatalf("value %q", value)
		}
	})
}
