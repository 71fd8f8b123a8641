package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed mutants.txt
var list string

func main() {
	only := ""
	if len(os.Args) > 1 {
		only = os.Args[1]
	}
	if err := run(context.Background(), only); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run tries every bug, or those whose name contains only, or those that the document
// only has in a table.
func run(ctx context.Context, only string) error {
	all, err := parse(list)
	if err != nil {
		return err
	}
	todo, err := choose(all, only)
	if err != nil {
		return err
	}
	if len(todo) == 0 {
		return fmt.Errorf("no bug is called %q", only)
	}
	began := time.Now()
	done := tryAll(ctx, todo)
	return report(done, time.Since(began))
}

func choose(all []mutant, only string) ([]mutant, error) {
	wanted := func(m mutant) bool { return m.wanted(only) }
	if strings.HasSuffix(only, ".md") {
		text, err := os.ReadFile(only) //nolint:gosec // a developer names it
		if err != nil {
			return nil, err
		}
		wanted = func(m mutant) bool { return strings.Contains(string(text), "| "+m.name+" |") }
	}
	return slices.DeleteFunc(all, func(m mutant) bool { return !wanted(m) }), nil
}

// wanted reports whether the bug is to be tried when those are asked for whose name
// contains only. One by hand must be called by the beginning of its name.
func (m mutant) wanted(only string) bool {
	if m.byHand {
		return only != "" && strings.HasPrefix(m.name, only)
	}
	return strings.Contains(m.name, only)
}

// trial is what came of a bug.
type trial struct {
	name string
	cpu  time.Duration
	err  error
}

// tryAll tries the bugs, one at a time for each CPU. The simulation takes longest and
// comes first, so that the end does not wait for it.
func tryAll(ctx context.Context, todo []mutant) []trial {
	slices.SortStableFunc(todo, func(a, b mutant) int { return cmp.Compare(a.rank(), b.rank()) })
	queue := make(chan mutant, len(todo))
	for _, m := range todo {
		queue <- m
	}
	close(queue)
	var all sync.WaitGroup
	var mu sync.Mutex
	var done []trial
	for range min(runtime.NumCPU(), len(todo)) {
		all.Go(func() {
			for m := range queue {
				t := m.report(ctx)
				mu.Lock()
				done = append(done, t)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return done
}

func (m mutant) rank() int {
	if m.args[0] == "./test/simulation" {
		return 0
	}
	return 1
}

// report tries a bug and returns whether it was caught.
func (m mutant) report(ctx context.Context) trial {
	out, cpu, err := m.try(ctx)
	verdict := "caught"
	if err != nil {
		verdict, err = "SURVIVED", fmt.Errorf("%s: %w", m.name, err)
	}
	t := trial{m.name, cpu.Round(100 * time.Millisecond), err}
	fmt.Fprintf(os.Stdout, "%-8s %6s  %s\n", verdict, t.cpu, m.name)
	if m.byHand {
		fmt.Fprintln(os.Stdout, out)
	}
	return t
}

// report sums up, with what is worth making cheaper.
func report(done []trial, took time.Duration) error {
	slices.SortFunc(done, func(a, b trial) int { return cmp.Compare(b.cpu, a.cpu) })
	var failed []error
	var cpu time.Duration
	for _, t := range done {
		cpu += t.cpu
		if t.err != nil {
			failed = append(failed, t.err)
		}
	}
	fmt.Fprintf(os.Stdout, "%d bugs, %d caught, %s (%s of the processors); the dearest:\n",
		len(done), len(done)-len(failed), took.Round(time.Second), cpu.Round(time.Second))
	for _, t := range done[:min(5, len(done))] {
		fmt.Fprintf(os.Stdout, "%15s  %s\n", t.cpu, t.name)
	}
	return errors.Join(failed...)
}
