package leasetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"pbirefresh/lease"
)

var raceChecks = []check{
	{"race/one of many creators wins", raceCreate},
	{"race/one of many acquirers wins", raceAcquire},
	{"race/one of many writers of a version wins", raceWrite},
	{"race/the lease counts without a loss", raceCount},
}

const (
	racers   = 8
	patience = 10 * time.Second // of a worker that waits for its turn
)

func raceCreate(t testing.TB, s *subject) {
	winner := onlyOne(t, lease.ErrExists, func(i int) error {
		_, err := s.Create(ctx(t), doc, []byte(strconv.Itoa(i)), nil)
		return err
	})
	wantSame(t, s.mustRead(t, doc), []byte(strconv.Itoa(winner)), nil)
}

func raceAcquire(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	var ids [racers]string
	winner := onlyOne(t, lease.ErrHeld, func(i int) error {
		ids[i] = lease.NewID()
		_, err := s.Acquire(ctx(t), doc, ids[i], ttl)
		return err
	})
	s.mustWrite(t, ids[winner], base, "two")
}

func raceWrite(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	winner := onlyOne(t, lease.ErrLost, func(i int) error {
		_, err := s.Write(ctx(t), doc, id, base, []byte(strconv.Itoa(i)), nil)
		return err
	})
	wantSame(t, s.mustRead(t, doc), []byte(strconv.Itoa(winner)), nil)
}

// raceCount is what the lease is for: every worker reads, adds one and writes.
func raceCount(t testing.TB, s *subject) {
	s.mustCreate(t, "0")
	errs := together(func(int) error { return s.addOne(t) })
	for _, err := range errs {
		mustDo(t, "a worker", err)
	}
	wantSame(t, s.mustRead(t, doc), []byte(strconv.Itoa(racers)), nil)
}

func (s *subject) addOne(t testing.TB) error {
	id := lease.NewID()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		_, err := s.Acquire(ctx(t), doc, id, ttl)
		if err == nil {
			break
		}
		if !errors.Is(err, lease.ErrHeld) || time.Now().After(end) {
			return err
		}
	}
	got, err := s.Read(ctx(t), doc)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(got.Body))
	if err != nil {
		return fmt.Errorf("the counter: %w", err)
	}
	if _, err := s.Write(ctx(t), doc, id, got.Version, []byte(strconv.Itoa(n+1)), nil); err != nil {
		return err
	}
	return s.Release(ctx(t), doc, id)
}

// onlyOne checks that one call succeeds and that the others fail with refusal.
// It returns the number of the one.
func onlyOne(t testing.TB, refusal error, call func(i int) error) int {
	t.Helper()
	winner := -1
	for i, err := range together(call) {
		switch {
		case err != nil:
			wantIs(t, "a loser", err, refusal)
		case winner >= 0:
			t.Fatalf("both %d and %d succeeded", winner, i)
		default:
			winner = i
		}
	}
	if winner < 0 {
		t.Fatalf("got no success of %d calls, want one", racers)
	}
	return winner
}

// together runs call in racers goroutines that start at the same time.
func together(call func(i int) error) [racers]error {
	var errs [racers]error
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}
