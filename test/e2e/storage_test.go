package e2e

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pbirefresh/internal/wait"
)

// lateStorage stands between the app and its storage and delays some requests for so
// long that their client gives up. They are executed all the same: after others went on.
type lateStorage struct {
	proxy *httputil.ReverseProxy
	share float64       // of the requests that are late
	most  time.Duration // by at most so much

	mu   sync.Mutex
	dice *rand.Rand

	late atomic.Int64
}

var endpoint = regexp.MustCompile(`BlobEndpoint=(http://[^/;]+)`)

// onLateStorage is onAzurite through a network that delays that share of the requests.
func onLateStorage(t *testing.T, share float64, most time.Duration, seed uint64) (map[string]string, *lateStorage) {
	t.Helper()
	settings := onAzurite(t)
	found := endpoint.FindStringSubmatch(settings["STATE_STORAGE"])
	if found == nil {
		t.Fatal("the connection string has no BlobEndpoint")
	}
	target, err := url.Parse(found[1])
	if err != nil {
		t.Fatal(err)
	}
	s := &lateStorage{proxy: httputil.NewSingleHostReverseProxy(target), share: share, most: most, dice: rand.New(rand.NewPCG(seed, 1))}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	s.proxy.Transport = transport
	s.proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	server := httptest.NewServer(s)
	t.Cleanup(transport.CloseIdleConnections)
	t.Cleanup(server.Close)
	settings["STATE_STORAGE"] = strings.ReplaceAll(settings["STATE_STORAGE"], found[1], server.URL)
	return settings, s
}

// ServeHTTP executes a request, late or not, whether or not its client still waits.
func (s *lateStorage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it never arrived as a whole
	}
	on := context.WithoutCancel(r.Context())
	wait.For(on, s.delay())
	again := r.WithContext(on)
	again.Body = io.NopCloser(bytes.NewReader(body))
	s.proxy.ServeHTTP(w, again)
}

func (s *lateStorage) delay() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dice.Float64() >= s.share {
		return 0
	}
	s.late.Add(1)
	return time.Duration(s.dice.Int64N(int64(s.most)))
}
