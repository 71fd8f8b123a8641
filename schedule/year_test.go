package schedule

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh"
)

// A year of minutes, or the weeks of it in which clocks change (-year). Two instances tick in the same moments, late by some seconds, twice,
// or not at all; processes die at random in any step of a tick, before or after it took
// effect, and the whole app is down now and then, for minutes or for hours. What ran is
// compared with the oracle, slot by slot.

var wholeYear = flag.Bool("year", false, "play a whole year, not only the six weeks in which most clocks change")

type yearEntry struct {
	zone  string
	crons []string
	once  bool // catchUp once, within two hours
}

func yearEntries() []yearEntry {
	return []yearEntry{
		{"Europe/Berlin", []string{"30 2 * * *"}, false},
		{"America/New_York", []string{"0,30 1-3 * * *"}, true},
		{"Asia/Kathmandu", []string{"15 6,18 * * 1-5"}, false},
		{"Australia/Lord_Howe", []string{"45 1 * * *", "15 2 * * *"}, true},
		{"America/St_Johns", []string{"*/30 * * * *"}, false},
		{"Pacific/Apia", []string{"0 0 1,15 * *"}, true},
		{"Africa/Casablanca", []string{"30 2 * * *", "0 9 * * 1"}, false},
		{"America/Santiago", []string{"0 */3 * * *"}, true},
	}
}

func yearFile() string {
	var b strings.Builder
	for i, e := range yearEntries() {
		fmt.Fprintf(&b, `"e%d":`+entryText(`"cron":["%s"],"timeZone":"%s"`), i, strings.Join(e.crons, `","`), e.zone)
		text := strings.TrimSuffix(b.String(), "}")
		b.Reset()
		b.WriteString(text)
		if e.once {
			b.WriteString(`,"catchUp":"once","grace":"2h"`)
		}
		b.WriteString("},")
	}
	return `{"schedules":{` + b.String() + `}}`
}

// year is the world of one run.
type year struct {
	t      *testing.T
	mu     sync.Mutex
	dice   *rand.Rand
	store  *lease.Memory
	starts *starter
	ticks  []time.Time // that came to their end with everything settled
	deaths map[string]int
}

func (y *year) chance(n int) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.dice.IntN(n) == 0
}

func (y *year) number(n int) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.dice.IntN(n)
}

var errDead = errors.New("the process is dead")

// life is one process: once it is dead, nothing that it does has an effect.
type life struct {
	y    *year
	mu   sync.Mutex
	left int // steps to its death; below zero: it lives
	dead bool
}

// step says whether the next step takes effect, and whether its caller hears of it.
func (l *life) step(what string) (apply bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return false, errDead
	}
	if l.left--; l.left != 0 {
		return true, nil
	}
	l.dead = true
	landed := l.y.chance(2)
	l.y.mu.Lock()
	l.y.deaths[fmt.Sprintf("%s %t", what, landed)]++
	l.y.mu.Unlock()
	return landed, errDead
}

func (l *life) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

func (y *year) process() (*Runner, *life) {
	l := &life{y: y, left: -1}
	store := leasetest.NewFaulty(y.store)
	for _, op := range []leasetest.Op{leasetest.OpRead, leasetest.OpCreate, leasetest.OpAcquire, leasetest.OpWrite, leasetest.OpRelease} {
		store.On(op, func(leasetest.Call) (bool, error) { return l.step(string(op)) })
	}
	text := []byte(yearFile())
	return New(Config{
		Store: store, Source: Source{Name: "year", Read: func(context.Context) ([]byte, error) { return text, nil }}, Read: readRequest,
		Start: func(ctx context.Context, key string, r refresh.Request) (refresh.Receipt, error) {
			apply, err := l.step("Start")
			if !apply {
				return refresh.Receipt{}, err
			}
			receipt, _ := y.starts.start(ctx, key, r)
			return receipt, err
		},
	}), l
}

// instance ticks through the year.
func (y *year) instance(end time.Time, down func(time.Time) bool) {
	r, l := y.process()
	for minute := time.Now(); minute.Before(end); minute = minute.Add(time.Minute) {
		time.Sleep(time.Until(minute))
		switch {
		case down(minute), y.chance(50): // a lost tick
			continue
		case y.chance(20):
			time.Sleep(time.Duration(y.number(50)) * time.Second)
		}
		l.mu.Lock()
		if !l.dead && l.left < 0 && y.chance(200) {
			l.left = 1 + y.number(8)
		}
		l.mu.Unlock()
		for range 1 + y.number(20)/19 { // now and then twice
			y.tick(r)
		}
		if l.isDead() {
			r, l = y.process()
		}
	}
}

func (y *year) tick(r *Runner) {
	report, err := r.Tick(y.t.Context())
	if err == nil && !report.Busy && report.Waiting == 0 {
		y.mu.Lock()
		y.ticks = append(y.ticks, time.Now())
		y.mu.Unlock()
	}
}

// outages are times in which the whole app is down: one in three days or so.
func (y *year) outages(from, to time.Time) func(time.Time) bool {
	var begins, ends []time.Time
	for at := from.Add(time.Hour); at.Before(to); at = at.Add(time.Duration(1+y.number(5*24*60)) * time.Minute) {
		length := time.Duration(1+y.number(14)) * time.Minute
		if y.chance(3) {
			length = time.Duration(1+y.number(4*60)) * time.Minute
		}
		begins, ends = append(begins, at), append(ends, at.Add(length))
		at = at.Add(length)
	}
	return func(t time.Time) bool {
		i, _ := slices.BinarySearchFunc(ends, t, time.Time.Compare)
		return i < len(begins) && !t.Before(begins[i])
	}
}

func TestAYearOfMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { playYear(t, 1) })
}

func playYear(t *testing.T, seed uint64) {
	y := &year{t: t, dice: rand.New(rand.NewPCG(seed, 1)), store: lease.NewMemory(), starts: newStarter(), deaths: map[string]int{}}
	begin, end := utc(t, "2026-03-01T00:00"), utc(t, "2026-04-12T00:00")
	if *wholeYear {
		begin, end = utc(t, "2026-01-01T00:00"), utc(t, "2027-01-01T00:00")
	}
	time.Sleep(time.Until(begin))
	down := y.outages(begin, end)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { y.instance(end, down) })
	}
	both.Wait()
	slices.SortFunc(y.ticks, time.Time.Compare)
	ran, caught, missed := 0, 0, 0
	for i, e := range yearEntries() {
		a, b, c := y.judge(fmt.Sprint("e", i), e, y.ticks[0], end.Add(-5*time.Minute))
		ran, caught, missed = ran+a, caught+b, missed+c
	}
	t.Logf("%d slots ran on time, %d were caught up, %d missed; deaths %v", ran, caught, missed, y.deaths)
	if extra := len(y.starts.ops) - ran - caught; extra != 0 {
		t.Errorf("%d starts belong to no slot", extra)
	}
	if weeks := int(end.Sub(begin) / (7 * 24 * time.Hour)); ran < 300*weeks || caught < weeks/12 || missed < 2*weeks || len(y.deaths) < 10 {
		t.Error("too little has happened to show anything")
	}
}

// judge compares what ran for an entry with the oracle.
func (y *year) judge(name string, e yearEntry, from, to time.Time) (ran, caught, missed int) {
	zone := zoneNamed(y.t, e.zone)
	slots := slices.Collect(oracle(e.crons, zone, from, to))
	for i, slot := range slots {
		key := Key(name, slot, model())
		at, started := y.starts.ops[key]
		settled := y.nextTick(slot)
		switch {
		case started && (at.Before(slot) || y.starts.last[key].Sub(slot) > 2*time.Hour || !e.once && y.starts.last[key].Sub(slot) > onTime):
			y.t.Errorf("%s %v: started at %v, and asked for until %v", name, slot.In(zone), at, y.starts.last[key])
		case !started && settled.Sub(slot) <= onTime:
			y.t.Errorf("%s %v: never started, though a tick came at %v", name, slot.In(zone), settled)
		case !started && e.once && settled.Sub(slot) <= 2*time.Hour && (i == len(slots)-1 || slots[i+1].After(settled)):
			y.t.Errorf("%s %v: not caught up at %v", name, slot.In(zone), settled)
		case !started:
			missed++
		case at.Sub(slot) > onTime:
			caught++
		default:
			ran++
		}
	}
	return ran, caught, missed
}

// nextTick is the first tick at or after a time that left nothing behind.
func (y *year) nextTick(t time.Time) time.Time {
	i, _ := slices.BinarySearchFunc(y.ticks, t, time.Time.Compare)
	return y.ticks[min(i, len(y.ticks)-1)]
}
