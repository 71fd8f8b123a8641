package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// advanceEvery is how often a World evaluates the refreshes, for a live timeline.
const advanceEvery = 250 * time.Millisecond

// WorldOptions set up a [World].
type WorldOptions struct {
	Options
	// Dir is where ca.pem is written; empty makes a temporary directory that Close removes.
	Dir string
	// ControlAddr is the address of the control plane; default 127.0.0.1:0. It has no authentication: keep it on loopback.
	ControlAddr string
	// Logger gets the errors that the HTTP servers cannot return, such as failed TLS handshakes; default none.
	Logger *slog.Logger
}

// World is a [Cloud] on loopback sockets: Power BI, Entra and Key Vault over TLS, the managed identity endpoint and the
// control plane over plain http.
type World struct {
	*Cloud
	PowerBIURL  string // https://127.0.0.1:port
	EntraURL    string // https://127.0.0.1:port/
	VaultURL    string // https://127.0.0.1:port
	IdentityURL string // http://127.0.0.1:port/msi/token
	ControlURL  string // http://127.0.0.1:port/sim/
	CAFile      string // the PEM file with the CA's certificate

	ca      *authority
	log     *slog.Logger
	tempDir string
	servers []*http.Server
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// Start starts the four services and the control plane. Close the World when done.
func Start(opts WorldOptions) (*World, error) {
	w := &World{Cloud: NewCloud(opts.Options), log: opts.Logger}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	if err := w.start(ctx, opts); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) start(ctx context.Context, opts WorldOptions) error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	w.ca = ca
	if err := w.writeCA(opts.Dir); err != nil {
		return err
	}
	cert, err := ca.server()
	if err != nil {
		return err
	}
	control := opts.ControlAddr
	if control == "" {
		control = "127.0.0.1:0"
	}
	for _, l := range []struct {
		url     *string
		handler http.Handler
		cert    *tls.Certificate
		addr    string
		path    string
	}{
		{&w.PowerBIURL, w.PowerBI, &cert, "127.0.0.1:0", ""},
		{&w.EntraURL, w.Entra, &cert, "127.0.0.1:0", "/"},
		{&w.VaultURL, w.Vault, &cert, "127.0.0.1:0", ""},
		{&w.IdentityURL, w.Identity, nil, "127.0.0.1:0", "/msi/token"},
		{&w.ControlURL, NewControl(w.Cloud), nil, control, "/sim/"},
	} {
		base, err := w.listen(ctx, l.addr, l.handler, l.cert)
		if err != nil {
			return err
		}
		*l.url = base + l.path
	}
	w.done.Go(func() { w.keepAdvancing(ctx) })
	return nil
}

// listen serves a handler. HTTP/2 stays off: a cut connection must be a cut connection, not a reset stream.
func (w *World) listen(ctx context.Context, addr string, h http.Handler, cert *tls.Certificate) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("sim: %w", err)
	}
	base := "http://" + l.Addr().String()
	if cert != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
		base = "https://" + l.Addr().String()
	}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 30 * time.Second, ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelWarn),
	}
	w.servers = append(w.servers, srv)
	w.done.Go(func() { _ = srv.Serve(l) }) // ends with ErrServerClosed
	return base, nil
}

func (w *World) writeCA(dir string) error {
	if dir == "" {
		temp, err := os.MkdirTemp("", "pbirefresh-sim-")
		if err != nil {
			return fmt.Errorf("sim: %w", err)
		}
		dir, w.tempDir = temp, temp
	}
	w.CAFile = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(w.CAFile, w.ca.pem(), 0o600); err != nil {
		return fmt.Errorf("sim: write the CA's certificate: %w", err)
	}
	return nil
}

func (w *World) keepAdvancing(ctx context.Context) {
	ticker := time.NewTicker(advanceEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.PowerBI.Advance()
		case <-ctx.Done():
			return
		}
	}
}

// Close stops the listeners, cuts open connections and removes the temporary directory.
func (w *World) Close() error {
	w.cancel()
	var errs []error
	for _, srv := range w.servers {
		errs = append(errs, srv.Close())
	}
	w.done.Wait()
	if w.tempDir != "" {
		errs = append(errs, os.RemoveAll(w.tempDir))
	}
	return errors.Join(errs...)
}

// Client is an HTTP client that trusts the CA.
func (w *World) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: w.ca.pool(), MinVersion: tls.VersionTLS12},
	}}
}
