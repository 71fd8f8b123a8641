package lease_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	leasetest.Run(t, func(*testing.T) lease.Store { return lease.NewMemory() }, leasetest.Options{Bubble: true})
}

// TestMemoryExpiry: a lease ends at its time and not after it.
func TestMemoryExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := lease.NewMemory()
		m.Overwrite("a", nil, nil)
		if _, err := m.Acquire(t.Context(), "a", lease.NewID(), 20*time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20*time.Second - time.Nanosecond)
		if _, err := m.Acquire(t.Context(), "a", lease.NewID(), lease.MinTTL); !errors.Is(err, lease.ErrHeld) {
			t.Fatalf("a nanosecond before the end: %v, want ErrHeld", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := m.Acquire(t.Context(), "a", lease.NewID(), lease.MinTTL); err != nil {
			t.Fatalf("at the end: %v", err)
		}
	})
}

// TestMemoryDate: HTTP dates are whole seconds, and so are those of the memory.
func TestMemoryDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := lease.NewMemory()
		m.Overwrite("a", nil, nil)
		time.Sleep(1700 * time.Millisecond)
		doc, err := m.Read(t.Context(), "a")
		if want := time.Now().UTC().Truncate(time.Second); err != nil || !doc.Date.Equal(want) {
			t.Fatalf("date %v, %v; want %v", doc.Date, err, want)
		}
	})
}

// TestMemoryByHand: what an operator does to a document defeats every condition
// that was read before.
func TestMemoryByHand(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(*lease.Memory){
		"overwritten":  func(m *lease.Memory) { m.Overwrite("a", []byte("one"), nil) },
		"deleted":      func(m *lease.Memory) { m.Remove("a") },
		"made anew":    func(m *lease.Memory) { m.Remove("a"); m.Overwrite("a", []byte("one"), nil) },
		"delete again": func(m *lease.Memory) { m.Remove("a"); m.Remove("a") },
	} {
		m := lease.NewMemory()
		base, err := m.Create(t.Context(), "a", []byte("one"), nil)
		if err != nil {
			t.Fatal(err)
		}
		id := lease.NewID()
		if _, err := m.Acquire(t.Context(), "a", id, lease.MinTTL); err != nil {
			t.Fatal(err)
		}
		tamper(m)
		if _, err := m.Write(t.Context(), "a", id, base, []byte("two"), nil); !errors.Is(err, lease.ErrLost) {
			t.Errorf("%s: Write: %v, want ErrLost", name, err)
		}
		if err := m.Release(t.Context(), "a", id); err != nil {
			t.Errorf("%s: Release: %v", name, err)
		}
	}
}
