package main

import (
	"context"
	"errors"
	"time"
)

// errHostGone ends the process. A host that is killed leaves its handler behind (ran on host
// 4.1037): an orphan that no host calls, and that keeps its port and its memory.
var errHostGone = errors.New("the Functions host has gone: the parent of this process is another one now")

// parentInterval is how often the parent is looked at: one cheap system call.
const parentInterval = 5 * time.Second

// hostGone waits until the parent process is another one (Unix: the process was given to
// init or a subreaper) or ctx ends, and reports which. On Windows a process keeps the id
// of its parent, so that it only waits. Whatever started the process counts as host, a
// shell and pbirefresh dev too.
func hostGone(ctx context.Context, parent int, now func() int) bool {
	ticker := time.NewTicker(parentInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if now() != parent {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
}
