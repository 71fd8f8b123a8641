package azurite

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	account   = "pbirefresh"
	startTime = time.Minute // limit of a start; it takes 1 to 3 s on an idle machine

	// watchdog is loaded into the Node process before Azurite: it ends the process
	// when the pipe on its standard input closes, which happens however we end.
	watchdog = `data:text/javascript,process.stdin.resume().once("end",()=>process.exit(0))`
)

// Server is a running Azurite. Its methods may be called concurrently.
type Server struct {
	url   string
	key   string
	cmd   *exec.Cmd
	stdin io.Closer
	close func() error
}

// Start runs Azurite and returns when it answers. It runs until Close, or until
// ctx or this process ends. dir is where it keeps its data, which a later server
// finds again; "" keeps it in memory.
func Start(ctx context.Context, dir string) (*Server, error) {
	main, err := findMain()
	if err != nil {
		return nil, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("azurite: node is not installed or not in PATH: install Node 20 or newer: %w", err)
	}
	if dir != "" {
		if dir, err = filepath.Abs(dir); err != nil {
			return nil, fmt.Errorf("azurite: %w", err)
		}
	}
	s := &Server{key: newKey()}
	s.cmd = exec.CommandContext(ctx, node, args(main, dir)...)
	s.cmd.Dir = filepath.Dir(main)
	s.cmd.Env = append(s.cmd.Environ(), "AZURITE_ACCOUNTS="+account+":"+s.key)
	s.close = sync.OnceValue(s.kill)
	if err := s.run(); err != nil {
		return nil, err
	}
	return s, nil
}

// run starts the process and waits until it reports its address.
func (s *Server) run() error {
	complaints := &tail{}
	s.cmd.Stderr = complaints
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("azurite: %w", err)
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("azurite: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("azurite: %w", err)
	}
	late := time.AfterFunc(startTime, func() { _ = s.cmd.Process.Kill() })
	s.url, err = readAddress(stdout)
	if !late.Stop() || err != nil {
		_ = s.Close()
		return fmt.Errorf("azurite: did not start within %v: %w; it says: %s", startTime, cmp.Or(err, context.DeadlineExceeded), complaints)
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // or its output would block it
	return nil
}

// args are the command line: a port of the system's choice, no telemetry, and
// any API version, because the SDK is newer than the pinned Azurite.
func args(main, dir string) []string {
	all := []string{
		"--import", watchdog, main, "--blobHost", "127.0.0.1", "--blobPort", "0",
		"--silent", "--skipApiVersionCheck", "--disableTelemetry",
	}
	if dir == "" {
		return append(all, "--inMemoryPersistence")
	}
	return append(all, "--location", dir)
}

// ServiceURL is the address of the blob service, with the account.
func (s *Server) ServiceURL() string { return s.url + "/" + account }

// ConnectionString is what a client of the Azure SDK needs. It holds the key.
func (s *Server) ConnectionString() string {
	return "AccountName=" + account + ";AccountKey=" + s.key + ";BlobEndpoint=" + s.ServiceURL()
}

// Close kills the server and waits for its end. Data that it kept in memory is
// gone. Closing again does nothing.
func (s *Server) Close() error { return s.close() }

func (s *Server) kill() error {
	_ = s.stdin.Close()
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("azurite: %w", err)
	}
	_ = s.cmd.Wait() // it was killed: its exit status says nothing
	return nil
}

func newKey() string {
	var b [64]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return base64.StdEncoding.EncodeToString(b[:])
}

// tail keeps the last lines that a process wrote, for an error.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if extra := t.buf.Len() - 1000; extra > 0 {
		t.buf.Next(extra)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return cmp.Or(strings.Join(strings.Fields(t.buf.String()), " "), "nothing")
}
