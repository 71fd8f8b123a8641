package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

const callbackQuery = "sp=%2fruns%2F0858%2fread&sv=1.0&sig=th3-S1gnatur3%2Bof_a~run"

// receiver is somebody who waits for a callback.
type receiver struct {
	server  *httptest.Server
	calls   chan received
	answers chan int // each call takes one; without any it hangs
}

type received struct {
	uri    string
	header http.Header
	body   callbackBody
}

type callbackBody struct {
	StatusCode string
	Output     map[string]any
	Error      *struct{ ErrorCode, Message string }
}

// newReceiver starts one as https://localhost, and returns the settings of an app that
// may call it: those of an operator whose receivers are in a private network.
func newReceiver(t *testing.T, world *sim.World) (*receiver, map[string]string) {
	t.Helper()
	r := &receiver{calls: make(chan received, 100), answers: make(chan int, 100)}
	certificate, ca := newCertificate(t)
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	r.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	r.server.StartTLS()
	t.Cleanup(func() {
		r.server.CloseClientConnections()
		r.server.Close()
	})
	trusted, err := os.ReadFile(world.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, append(trusted, ca...), 0o600); err != nil {
		t.Fatal(err)
	}
	return r, map[string]string{
		"SSL_CERT_FILE": file, "CALLBACK_HOSTS": "localhost:" + r.port(), "CALLBACK_NETWORKS": "127.0.0.0/8 ::1/128",
	}
}

// newCertificate is one for localhost that is its own authority.
func newCertificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (r *receiver) port() string {
	u, _ := url.Parse(r.server.URL)
	return u.Port()
}

// url is where it wants to be called.
func (r *receiver) url() string {
	return "https://localhost:" + r.port() + "/workflows/a%2Fb/runs?" + callbackQuery
}

func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	got := received{uri: req.RequestURI, header: req.Header}
	b, _ := io.ReadAll(req.Body)
	_ = json.Unmarshal(b, &got.body)
	r.calls <- got
	select {
	case status := <-r.answers:
		w.WriteHeader(status)
	case <-req.Context().Done():
	}
}

// next fires the apps' timers until the receiver is called once more.
func (r *receiver) next(t *testing.T, apps ...*app) received {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		for _, a := range apps {
			if err := a.host.Fire(t.Context(), "RefreshSweep"); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case got := <-r.calls:
			return got
		case <-deadline:
			t.Fatalf("no callback came\n%s", apps[0].log())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// asks triggers a refresh with a callback and returns the status URL.
func (r *receiver) asks(t *testing.T, a *app, field string) string {
	t.Helper()
	request := fmt.Sprintf(`{"workspaceId":%q,"datasetId":%q,%q:%q}`, sim.Sales().Workspace, sim.Sales().Model, field, r.url())
	resp, text := a.call("POST", "/api/refreshes", request)
	var doc struct {
		StatusURL string
		Callback  struct{ State string }
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", resp.Status, text)
	}
	if resp.Header.Get("Location") != "" || resp.Header.Get("Retry-After") != "" || resp.Header.Get("Operation-Location") != doc.StatusURL || doc.Callback.State != "waiting" {
		t.Errorf("%v %s", resp.Header, text)
	}
	return doc.StatusURL
}

// holdsNoSignature searches what the app wrote for what only the receiver may know.
func holdsNoSignature(t *testing.T, apps ...*app) {
	t.Helper()
	for _, a := range apps {
		for _, secret := range []string{"S1gnatur3", "sig=", "workflows/"} {
			if strings.Contains(a.log(), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	}
}

// A receiver that fails at first is called again, and hears what the status URL says.
func TestCallback(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	r, settings := newReceiver(t, world)
	for name, value := range onAzurite(t) {
		settings[name] = value
	}
	a := startApp(t, world, settings)
	statusURL := r.asks(t, a, "callBackUri")
	r.answers <- http.StatusServiceUnavailable
	r.answers <- http.StatusAccepted
	first, second := r.next(t, a), r.next(t, a)
	for _, got := range []received{first, second} {
		if got.uri != "/workflows/a%2Fb/runs?"+callbackQuery {
			t.Errorf("called at %s", got.uri)
		}
		if h := got.header; h.Get("Authorization") != "" || h.Get("Cookie") != "" || !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
			t.Errorf("with %v", h)
		}
		if got.body.StatusCode != "200" || got.body.Error != nil || got.body.Output["status"] != "Succeeded" {
			t.Errorf("it says %+v", got.body)
		}
	}
	_, text := a.call("GET", statusURL, "")
	var status map[string]any
	if err := json.Unmarshal([]byte(text), &status); err != nil || fmt.Sprint(status) != fmt.Sprint(second.body.Output) {
		t.Errorf("the status URL says\n%v\nand the callback\n%v", status, second.body.Output)
	}
	holdsNoSignature(t, a)
}

// The process is killed while its POST is under way: the operation has ended, and
// it is unknown whether the receiver got the result. Another process posts it.
func TestKilledBetweenTheEndAndTheCallback(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	if err := world.PowerBI.FailNext(sim.Sales(), sim.FailCredentials); err != nil {
		t.Fatal(err)
	}
	r, settings := newReceiver(t, world)
	for name, value := range onAzurite(t) {
		settings[name] = value
	}
	doomed, heir := startApp(t, world, settings), startApp(t, world, settings)
	r.asks(t, doomed, "callbackUrl")
	lost := r.next(t, doomed) // the receiver does not answer
	if err := doomed.host.KillHandler(); err != nil {
		t.Fatal(err)
	}
	if err := doomed.host.Close(); err != nil {
		t.Fatal(err)
	}
	r.answers <- http.StatusOK // of the dead process's call, or of the heir's
	r.answers <- http.StatusOK
	got := r.next(t, heir)
	if got.body.StatusCode != "409" || got.body.Error == nil || got.body.Error.ErrorCode == "" || got.body.Output["status"] != "Failed" {
		t.Errorf("it says %+v", got.body)
	}
	if fmt.Sprint(lost.body.Output) != fmt.Sprint(got.body.Output) {
		t.Errorf("first it said\n%v\nand then\n%v", lost.body.Output, got.body.Output)
	}
	holdsNoSignature(t, doomed, heir)
}

// The host is allowed, and its address is not: nothing is connected to.
func TestCallbackToAPrivateAddress(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	r, settings := newReceiver(t, world)
	settings["STATE_STORAGE"], settings["CALLBACK_NETWORKS"] = "memory", "10.0.0.0/8"
	a := startApp(t, world, settings)
	r.asks(t, a, "callBackUri")
	deadline := time.Now().Add(time.Minute)
	for !strings.Contains(a.log(), "CALLBACK_NETWORKS") && time.Now().Before(deadline) {
		if err := a.host.Fire(t.Context(), "RefreshSweep"); err != nil {
			t.Fatal(err)
		}
		<-time.After(100 * time.Millisecond)
	}
	if log := a.log(); !strings.Contains(log, "callback not delivered") || !strings.Contains(log, "CALLBACK_NETWORKS") || len(r.calls) != 0 {
		t.Errorf("%d calls\n%s", len(r.calls), log)
	}
	for bad, says := range map[string]string{"https://127.0.0.1:" + r.port() + "/": "DNS name", "https://localhost/": "CALLBACK_HOSTS", "http://localhost:" + r.port() + "/": "https"} {
		resp, text := a.call("POST", "/api/refreshes", strings.Replace(body(sim.Sales()), "{", `{"callBackUri":"`+bad+`",`, 1))
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, says) {
			t.Errorf("%s: %s %s", bad, resp.Status, text)
		}
	}
	holdsNoSignature(t, a)
}
