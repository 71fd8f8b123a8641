package bloblease

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	tryTimeout   = 1500 * time.Millisecond // of one try of a call that is retried
	listTimeout  = 5 * time.Second         // likewise; a page can hold thousands of entries
	writeTimeout = 3 * time.Second         // of the one try of a Create or a Write
	maxIdle      = 256
	tokenTimeout = 10 * time.Second // of fetching a token; it is cached afterwards
	maxBody      = 16 << 20         // bytes of an answer; documents and pages are smaller
)

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
			ResponseHeaderTimeout: listTimeout,
			MaxIdleConns:          maxIdle,
			MaxIdleConnsPerHost:   maxIdle,
			IdleConnTimeout:       90 * time.Second,
			DisableCompression:    true, // bodies are to be what was written
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// withRetries lets a call be retried while somebody may hold a lease.
func withRetries(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, policy.RetryOptions{
		MaxRetries: 2, TryTimeout: tryTimeout, RetryDelay: 50 * time.Millisecond, MaxRetryDelay: 250 * time.Millisecond,
	})
}

// withListRetries is withRetries for a call whose answer is large.
func withListRetries(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, policy.RetryOptions{
		MaxRetries: 2, TryTimeout: listTimeout, RetryDelay: 50 * time.Millisecond, MaxRetryDelay: 250 * time.Millisecond,
	})
}
