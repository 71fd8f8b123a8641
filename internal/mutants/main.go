package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"runtime"
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

// run tries every bug, or those whose name contains only.
func run(ctx context.Context, only string) error {
	all, err := parse(list)
	if err != nil {
		return err
	}
	todo := make(chan mutant, len(all))
	for _, m := range all {
		if m.wanted(only) {
			todo <- m
		}
	}
	close(todo)
	began, tried := time.Now(), len(todo)
	failed := tryAll(ctx, todo)
	fmt.Fprintf(os.Stdout, "%d bugs, %d caught, %s\n", tried, tried-len(failed), time.Since(began).Round(time.Second))
	if tried == 0 {
		return fmt.Errorf("no bug is called %q", only)
	}
	return errors.Join(failed...)
}

// wanted reports whether the bug is to be tried when those are asked for whose name
// contains only. One by hand must be called by the beginning of its name.
func (m mutant) wanted(only string) bool {
	if m.byHand {
		return only != "" && strings.HasPrefix(m.name, only)
	}
	return strings.Contains(m.name, only)
}

// tryAll tries the bugs, one at a time for each CPU, each in a copy of its own.
func tryAll(ctx context.Context, todo <-chan mutant) []error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = append(failed, err)
		}
	}
	for range min(runtime.NumCPU(), len(todo)) {
		all.Go(func() {
			dir, err := copyProject(ctx)
			if err != nil {
				note(err)
				return
			}
			defer func() { _ = os.RemoveAll(dir) }()
			for m := range todo {
				note(m.tell(ctx, dir))
			}
		})
	}
	all.Wait()
	return failed
}

// tell tries a bug and says what came of it.
func (m mutant) tell(ctx context.Context, dir string) error {
	began := time.Now()
	out, err := m.try(ctx, dir)
	verdict := "caught"
	if err != nil {
		verdict, err = "SURVIVED", fmt.Errorf("%s: %w", m.name, err)
	}
	fmt.Fprintf(os.Stdout, "%-8s %6s  %s\n", verdict, time.Since(began).Round(100*time.Millisecond), m.name)
	if m.byHand {
		fmt.Fprintln(os.Stdout, out)
	}
	return err
}
