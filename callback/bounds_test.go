package callback

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// However many callbacks wait for one end, or are registered at once, few goroutines send
// them. (Not parallel: it counts goroutines.)
func TestManyCallbacksTakeFewGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 500
		w := newWorld(t)
		w.slow = 5 * time.Second
		s, before := w.service(), runtime.NumGoroutine()
		within := func(when string) {
			t.Helper()
			synctest.Wait()
			if n := runtime.NumGoroutine() - before; n > 2*promptAtOnce+10 {
				t.Errorf("%s: %d goroutines for %d callbacks, want at most %d", when, n, many, 2*promptAtOnce+10)
			}
		}
		var ids []string
		for i := range many {
			ids = append(ids, fmt.Sprintf("op-%d", i))
			mustRegister(t, s, wants(t, ids[i]))
		}
		within("registered")
		w.end(ids...)
		for i := range many {
			ids = append(ids, fmt.Sprintf("late-%d", i))
			w.end(ids[many+i])
			mustRegister(t, s, wants(t, ids[many+i]))
		}
		within("registered after the end")
		s.Ended(testModel)
		within("at the end")
		for w.posts() < len(ids) {
			before := w.posts()
			time.Sleep(time.Minute)
			if w.posts() == before {
				if _, err := s.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		synctest.Wait()
		for _, id := range ids {
			w.wantRecord(wants(t, id), Delivered, 1)
		}
	})
}
