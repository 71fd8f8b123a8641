package main

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// prSetChildSubreaper makes this process the parent of orphans below it (prctl(2)), so that
// it can read how they end.
const prSetChildSubreaper = 36

// A host that is killed takes its handler along: the handler ends itself, with an exit code
// that is no success.
func TestTheProgramEndsWhenItsHostIsKilled(t *testing.T) {
	t.Parallel()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		t.Fatal(errno)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := exec.CommandContext(t.Context(), "sh", "-c", `"$0" & echo pid $!; wait`, self)
	host.Env = append(os.Environ(), asProgram+"=1", "FUNCTIONS_CUSTOMHANDLER_PORT=0")
	stdout, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	pid, listening := 0, false
	for lines := bufio.NewScanner(stdout); (pid == 0 || !listening) && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "pid "); ok {
			if pid, err = strconv.Atoi(text); err != nil {
				t.Fatal(err)
			}
		}
		listening = listening || strings.Contains(lines.Text(), `"msg":"listening"`)
	}
	if pid == 0 || !listening {
		t.Fatalf("got process %d, listening %t, want a program that listens", pid, listening)
	}
	_ = host.Process.Kill()
	_ = host.Wait() // also closes the pipe, as a host that has gone does
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || !status.Exited() || status.ExitStatus() == 0 {
		t.Errorf("the handler ended with exited %t, code %d, %v; want an exit code other than 0", status.Exited(), status.ExitStatus(), err)
	}
}
