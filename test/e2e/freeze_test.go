//go:build unix

package e2e

import "syscall"

const canPause = true

// freeze stops a process where it is; it keeps its sockets and believes its lease.
func freeze(pid int) error { return syscall.Kill(pid, syscall.SIGSTOP) }

func thaw(pid int) error { return syscall.Kill(pid, syscall.SIGCONT) }
