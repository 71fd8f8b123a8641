package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"time"

	"pbirefresh/powerbi"
)

// roots are the certificates to trust; nil are the system's.
func (s settings) roots() *x509.CertPool {
	if s.web == nil {
		return nil
	}
	transport, ok := s.web.Transport.(*http.Transport) // as extraRoots made it
	if !ok {
		return nil
	}
	return transport.TLSClientConfig.RootCAs
}

// extraRoots returns a client that trusts the certificates of SSL_CERT_FILE besides
// the system's. Go reads that variable itself on Unix; on macOS and Windows it asks
// the platform instead, so that a private cloud or an emulator could not be reached. It
// returns nil if there is nothing to add.
func (r *reader) extraRoots(goos string) *http.Client {
	if goos != "darwin" && goos != "windows" {
		return nil
	}
	file := r.get("SSL_CERT_FILE")
	if file == "" {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		r.problem("SSL_CERT_FILE is wrong: it must be a file of certificates in PEM")
		return nil
	}
	return &http.Client{
		CheckRedirect: noRedirects,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			TLSClientConfig:       &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   64,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: powerbi.DefaultStartTimeout,
			IdleConnTimeout:       90 * time.Second,
		},
	}
}

// noRedirects: one would carry a token, or a request that must not be sent twice.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
