package bloblease

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"pbirefresh/lease"
)

const (
	tryTimeout   = 1500 * time.Millisecond // of one try of a call that is retried
	listTimeout  = 5 * time.Second         // the same for a List: a page can hold thousands of entries
	writeTimeout = 3 * time.Second         // of the one try of a Create or a Write
	maxIdle      = 256
	tokenTimeout = 10 * time.Second // of fetching a token; it is cached afterwards
	maxBody      = 16 << 20         // bytes of an answer; documents and pages are smaller
)

// A write that is sent in the last moment that a section trusts itself is answered
// inside the lease, or this does not compile.
const _ = uint64(lease.Margin - writeTimeout)

// newHTTPClient returns the client that the store uses unless it is given one.
// It keeps many idle connections, because a burst of callers of many models
// would otherwise open a connection each, and follows no redirect: a write that
// is redirected is a write to somewhere else.
func newHTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: writeTimeout, KeepAlive: 30 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   writeTimeout,
			ResponseHeaderTimeout: lease.Duration, // every try has a limit of its own; see call.linger
			MaxIdleConns:          maxIdle,
			MaxIdleConnsPerHost:   maxIdle,
			IdleConnTimeout:       90 * time.Second,
			DisableCompression:    true, // bodies are to be what was written
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
