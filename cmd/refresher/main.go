package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"pbirefresh/handler"
	"pbirefresh/internal/hostlog"
)

// version is stamped by the build.
var version = "dev"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "doctor" {
		os.Exit(diagnose(context.Background(), os.Args[2:], os.Getenv, os.Stdout, os.Stderr))
	}
	if err := run(context.Background(), os.Getenv, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, errHostGone) { // it was the reader: a write would end the process by a signal
			fmt.Fprintln(os.Stderr, "refresher:", err)
		}
		os.Exit(1)
	}
}

// run listens, and serves until ctx ends. It returns an error if it cannot listen, or if
// the host has gone.
func run(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) error {
	parent := os.Getppid()
	log := slog.New(hostlog.New(stdout, stderr, logLevel(getenv)))
	listener, err := listen(ctx, getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		return err
	}
	routes, background := assemble(getenv, log)
	server := newServer(ctx, routes, log)
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go background(ctx)
	log.Info("listening", hostlog.EventKey, hostlog.EventProcessStarted, "address", listener.Addr().String(), "version", version)
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(listener) }()
	go func() {
		if hostGone(ctx, parent, os.Getppid) {
			ended <- errHostGone
		}
	}()
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// logLevel is what LOG_LEVEL says. A word that it does not know counts as info here; the
// settings say that it is wrong.
func logLevel(getenv func(string) string) slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(strings.TrimSpace(getenv("LOG_LEVEL"))))
	return level
}

// newServer bounds what a client can cost: the size of headers and body, and the time
// for each.
func newServer(ctx context.Context, routes http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           http.MaxBytesHandler(routes, 1<<20),
		ReadHeaderTimeout: 45 * time.Second, // a process that was frozen for half a minute still reads what waits
		ReadTimeout:       time.Minute,
		WriteTimeout:      4 * time.Minute, // longer than the 230 s after which the platform gives up
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
}

func listen(ctx context.Context, port string) (net.Listener, error) {
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("FUNCTIONS_CUSTOMHANDLER_PORT is %q: the Functions host sets it to a port. "+
			"Start this program through the host (func start --script-root dist, or pbirefresh dev)", port)
	}
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
}

// assemble returns the routes and what goes on beside them.
func assemble(getenv func(string) string, log *slog.Logger) (http.Handler, func(context.Context)) {
	settings, problem := readSettings(getenv)
	if limit := limitMemory(os.DirFS("/"), settings.memory); limit > 0 {
		log.Info("memory is limited", "bytes", limit)
	}
	var app *app
	if problem == nil {
		app, problem = newApp(settings, log)
	}
	if problem != nil {
		cause := strings.ReplaceAll(problem.Error(), "\n", "; ")
		log.Error("the settings are wrong; every call answers 503 until they are mended", "cause", cause)
		return handler.Broken(cause, handler.Config{Version: version, Logger: log, Doctor: examineProblem(problem)}), func(context.Context) {}
	}
	return app.routes, app.background
}
