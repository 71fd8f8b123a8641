package funchost

import (
	"os/exec"
	"time"
)

// A process is a handler; tests have others than those of the system.
type process interface {
	start() (pid int, err error)
	wait() exit // returns when it is gone
	kill() error
}

// An exit is how a process ended; the code of one that a signal ended is -1.
type exit struct {
	code  int
	state string
}

// killWait is how long the host waits for a killed process (source).
const killWait = time.Second

type systemProcess struct{ cmd *exec.Cmd }

func newSystemProcess(h *Host, w *worker) process {
	s := h.app.Settings
	// Without a context: worker.run alone decides on the end of the process.
	cmd := exec.Command(s.Executable, s.Arguments...) //nolint:noctx // as said
	cmd.Dir = s.WorkingDirectory
	cmd.Env = h.options.childEnv(h.app.Root, w.id, h.workerPort)
	cmd.Stdout, cmd.Stderr = w.streams[0], w.streams[1]
	cmd.WaitDelay = killWait
	return systemProcess{cmd}
}

func (p systemProcess) start() (int, error) {
	if err := p.cmd.Start(); err != nil {
		return 0, err
	}
	return p.cmd.Process.Pid, nil
}

func (p systemProcess) wait() exit {
	_ = p.cmd.Wait() // the process state has more
	return exit{p.cmd.ProcessState.ExitCode(), p.cmd.ProcessState.String()}
}

func (p systemProcess) kill() error { return p.cmd.Process.Kill() }
