package funchost

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	defaultTimeoutGrace    = 2 * time.Second  // azure-functions-host, source
	defaultShutdownTimeout = 10 * time.Second // azure-functions-host, source
)

// Options says what to run and how. Root is required.
type Options struct {
	// Root is the staged app: the folder of host.json.
	Root string
	// Addr is where the host listens; default "127.0.0.1:0", a free port.
	Addr string

	// Env holds the app settings. They resolve %NAME% in the app's files, and
	// are the environment of the handler together with what the host adds and a
	// few basics (PATH, HOME, the folder for temporary files, ...) of Environ.
	Env map[string]string
	// Environ is the environment to take those basics from, as os.Environ
	// returns it; nil for none.
	Environ []string
	// InheritEnviron gives the handler all of Environ.
	InheritEnviron bool

	// AppService makes the host act as behind App Service's front end: whatever
	// the client says, DISGUISED-HOST is the Host that it used and
	// X-Forwarded-Proto is https. Without it the host acts like `func start`:
	// headers reach the handler as sent.
	AppService bool

	// FunctionKey and MasterKey are random by default.
	FunctionKey, MasterKey string

	// Logger gets the host's own messages and, with the level that the host
	// would give them, the handler's lines; nil discards them.
	Logger *slog.Logger
	// OnLine gets each line that the handler writes. Calls do not overlap.
	OnLine func(Line)

	// StatusFile keeps the timers' schedule status, by which a later host finds
	// out that a timer is past due; "" keeps it in memory. Of the hosts of one
	// process that have the same file, one at a time runs each timer, as of hosts
	// with the same storage.
	StatusFile string

	// TimeoutGrace is the time between a function time-out and the kill of the
	// handler; default 2 s, as the host has it.
	TimeoutGrace time.Duration
	// ShutdownTimeout is how long Close waits for requests and timers under way;
	// default 10 s, as the host has it.
	ShutdownTimeout time.Duration

	// Tests put others in the place of the system's processes and connections.
	newProcess func(*Host, *worker) process
	dial       func(ctx context.Context, address string) (net.Conn, error)
	listen     func(ctx context.Context, address string) (net.Listener, error)
}

func (o Options) withDefaults() (Options, error) {
	if o.Root == "" {
		return o, errors.New("funchost: Options.Root is required: the folder of the staged app")
	}
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.FunctionKey = cmp.Or(o.FunctionKey, newKey())
	o.MasterKey = cmp.Or(o.MasterKey, newKey())
	o.TimeoutGrace = cmp.Or(o.TimeoutGrace, defaultTimeoutGrace)
	o.ShutdownTimeout = cmp.Or(o.ShutdownTimeout, defaultShutdownTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnLine == nil {
		o.OnLine = func(Line) {}
	}
	if o.newProcess == nil {
		o.newProcess = newSystemProcess
	}
	if o.dial == nil {
		o.dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	if o.listen == nil {
		o.listen = func(ctx context.Context, address string) (net.Listener, error) {
			return new(net.ListenConfig).Listen(ctx, "tcp", address)
		}
	}
	return o, nil
}

// basics are the variables of the parent that a program may need to run at all.
var basics = []string{
	"PATH", "HOME", "USERPROFILE", "LOCALAPPDATA", "SYSTEMROOT", "TMP", "TEMP", "TMPDIR",
}

// childEnv is the environment of one handler process, sorted; the host's own
// variables win, then the app settings.
func (o Options) childEnv(root, workerID, port string) []string {
	env := make(map[string]string)
	for _, pair := range o.Environ {
		name, value, ok := strings.Cut(pair, "=")
		if ok && name != "" && (o.InheritEnviron || slices.Contains(basics, strings.ToUpper(name))) {
			env[name] = value
		}
	}
	for name, value := range o.Env {
		env[name] = value
	}
	for name, value := range map[string]string{
		"FUNCTIONS_HTTPWORKER_PORT":         port,
		"FUNCTIONS_CUSTOMHANDLER_PORT":      port,
		"FUNCTIONS_HTTPWORKER_ID":           workerID,
		"FUNCTIONS_CUSTOMHANDLER_WORKER_ID": workerID,
		"FUNCTIONS_APP_ROOT_PATH":           root,
	} {
		env[name] = value
	}
	pairs := make([]string, 0, len(env))
	for name, value := range env {
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	return pairs
}

func newKey() string {
	var b [30]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
