package funchost

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	ok  = "HTTP/1.1 200 OK"
	bad = "HTTP/1.1 500 Internal Server Error"
)

// TestTimeoutAndGrace: after functionTimeout the client gets a 500 in any case. A
// handler that answers within the grace lives; one that does not is killed.
func TestTimeoutAndGrace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answers time.Duration
		want    string
		after   time.Duration
		starts  int
	}{
		{"in time", 5 * time.Second, ok, 5 * time.Second, 1},
		{"within the grace", 7 * time.Second, bad, 7 * time.Second, 1},
		{"frozen", time.Hour, bad, 8 * time.Second, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &bubble{handle: func(wireMessage) string {
					time.Sleep(tt.answers)
					return usualReply
				}}
				startBubble(t, `"functionTimeout":"00:00:06"`, b)
				b.waitReady()
				began := time.Now()
				got := b.call("GET /api/do/x")
				if took := time.Since(began); got != tt.want || took != tt.after {
					t.Errorf("%s after %v, want %s after %v", got, took, tt.want, tt.after)
				}
				synctest.Wait()
				b.waitReady()
				if starts, _ := b.counts(); starts != tt.starts {
					t.Errorf("%d handlers were started, want %d", starts, tt.starts)
				}
				time.Sleep(time.Hour) // the frozen handler's goroutine ends
			})
		})
	}
}

// TestThreeCrashes: the handler is started again twice, at once; the third crash
// ends the host.
func TestThreeCrashes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{handle: func(wireMessage) string { return usualReply }}
		startBubble(t, "", b)
		for crash := 1; crash <= maxErrors; crash++ {
			b.waitReady()
			if got := b.call("GET /api/do/x"); got != ok {
				t.Errorf("%s before crash %d", got, crash)
			}
			before := time.Now()
			if err := b.KillHandler(); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if starts, _ := b.counts(); crash < maxErrors && (starts != crash+1 || time.Since(before) > 0) {
				t.Errorf("%d starts after crash %d and %v", starts, crash, time.Since(before))
			}
			time.Sleep(10 * time.Second)
		}
		awaitDone(t, b.Host)
		if !errors.Is(b.Err(), ErrRestarts) {
			t.Errorf("Err = %v, want %v", b.Err(), ErrRestarts)
		}
	})
}

// TestStopLetsRequestsFinish: what is under way when the host stops is answered;
// only then is the handler killed, without a signal before.
func TestStopLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{}
		b.handle = func(wireMessage) string {
			time.Sleep(5 * time.Second)
			if _, kills := b.counts(); kills != 0 {
				t.Error("the handler was killed before its answer")
			}
			return usualReply
		}
		startBubble(t, "", b)
		b.waitReady()
		answered := make(chan string)
		go func() { answered <- b.call("POST /api/do/x") }()
		time.Sleep(time.Second)
		go func() { _ = b.Close() }()
		synctest.Wait()
		if got := b.call("GET /api/do/x"); !strings.Contains(got, "refused") {
			t.Errorf("a host that stops answers %s, want no connection", got)
		}
		if got := <-answered; got != ok {
			t.Errorf("%s, want %s", got, ok)
		}
		<-b.Done()
		if _, kills := b.counts(); kills != 1 || b.Err() != nil {
			t.Errorf("%d kills, Err = %v", kills, b.Err())
		}
	})
}

// TestStopIsBounded: a request that does not end holds the host up for
// ShutdownTimeout only.
func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{handle: func(wireMessage) string { time.Sleep(time.Hour); return "" }}
		startBubble(t, "", b)
		b.waitReady()
		answered := make(chan string, 1)
		go func() { answered <- b.call("POST /api/do/x") }()
		synctest.Wait()
		began := time.Now()
		_ = b.Close()
		if took := time.Since(began); took < defaultShutdownTimeout || took > defaultShutdownTimeout+lastMoment {
			t.Errorf("Close took %v, want %v", took, defaultShutdownTimeout)
		}
		if got := <-answered; got != bad {
			t.Errorf("%s, want %s", got, bad)
		}
		time.Sleep(time.Hour)
	})
}

// TestMuteHandlerCrashes: a handler that listens and does not answer the probe
// fails the start, as a crash does.
func TestMuteHandlerCrashes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{mute: true}
		began := time.Now()
		startBubble(t, `"functionTimeout":"00:00:06"`, b)
		<-b.Done()
		if took := time.Since(began); took < maxErrors*(6*time.Second+clientExtra) || !errors.Is(b.Err(), ErrRestarts) {
			t.Errorf("Err = %v after %v", b.Err(), took)
		}
		if starts, _ := b.counts(); starts != maxErrors {
			t.Errorf("%d starts, want %d", starts, maxErrors)
		}
	})
}
