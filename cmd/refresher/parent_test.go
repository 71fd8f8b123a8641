package main

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// asProgram has the test binary run the program in a process of its own.
const asProgram = "PBIREFRESH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestHostGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		looks, began := 0, time.Now()
		if !hostGone(ctx, 7, func() int {
			if looks++; looks < 3 {
				return 7
			}
			return 1
		}) {
			t.Error("the parent is another one, and that is not noticed")
		}
		if took := time.Since(began); looks != 3 || took != 3*parentInterval {
			t.Errorf("got %d looks in %v, want 3, one in %v", looks, took, parentInterval)
		}
		if hostGone(ctx, 7, func() int { return 7 }) {
			t.Error("a parent that stays is taken for another one")
		}
	})
}
