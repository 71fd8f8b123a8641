package integrations

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is the side of Data Factory, Fabric or Logic Apps that is called back.
type receiver struct {
	t      *testing.T
	server *httptest.Server

	mu    sync.Mutex
	posts map[string]chan []byte // by path
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, posts: map[string]chan []byte{}}
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	r.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MinVersion: tls.VersionTLS12}
	r.server.StartTLS()
	t.Cleanup(r.server.Close)
	return r
}

// certificate is one for localhost that is its own authority.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// allowed is an app that may call the receiver, as an operator sets it up whose
// receivers are in a private network. No caller polls, so its timer fires.
func (r *receiver) allowed(env map[string]string) {
	roots, err := os.ReadFile(env["SSL_CERT_FILE"])
	if err != nil {
		r.t.Fatal(err)
	}
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.server.TLS.Certificates[0].Certificate[0]})
	file := filepath.Join(r.t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, append(roots, own...), 0o600); err != nil {
		r.t.Fatal(err)
	}
	env["SSL_CERT_FILE"] = file
	env["CALLBACK_HOSTS"] = "localhost:" + r.port()
	env["CALLBACK_NETWORKS"] = "127.0.0.0/8 ::1/128"
	env["SWEEP_SCHEDULE"] = "* * * * * *"
}

func (r *receiver) port() string {
	_, port, _ := strings.Cut(strings.TrimPrefix(r.server.URL, "https://"), ":")
	return port
}

// query is one as the services sign it: it must come back byte for byte.
const query = "api-version=2016-06-01&sp=%2Frun&sv=1.0&sig=a%2Bb_c-D"

// New opens an address, as the stand-ins of the services want it.
func (r *receiver) New() (string, <-chan []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := fmt.Sprintf("/workflow/callback/%d", len(r.posts))
	posts := make(chan []byte, 10)
	r.posts[path] = posts
	return "https://localhost:" + r.port() + path + "?" + query, posts
}

// serve takes only what the services take: POST of application/json, the query
// unchanged, and no second way to authorise (Azure/logicapps#1157).
func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	posts := r.posts[req.URL.Path]
	r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	kind := req.Header.Get("Content-Type")
	if err != nil || posts == nil || req.Method != http.MethodPost || req.URL.RawQuery != query ||
		!strings.HasPrefix(kind, "application/json") || req.Header.Get("Authorization") != "" {
		r.t.Errorf("called back by %s %s, %s, %v", req.Method, req.URL, kind, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	posts <- body
}
