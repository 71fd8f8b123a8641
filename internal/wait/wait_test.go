package wait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/internal/wait"
)

func TestFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait, limit, took time.Duration
		want              bool
	}{
		"to the end":       {time.Minute, time.Hour, time.Minute, true},
		"cut short":        {time.Hour, time.Minute, time.Minute, false},
		"nothing":          {0, time.Hour, 0, true},
		"less":             {-time.Second, time.Hour, 0, true},
		"nothing and over": {0, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				began := time.Now()
				if got := wait.For(ctx, tt.wait); got != tt.want || time.Since(began) != tt.took {
					t.Errorf("For(%v) with %v left: got %t after %v, want %t after %v", tt.wait, tt.limit, got, time.Since(began), tt.want, tt.took)
				}
			})
		})
	}
}
