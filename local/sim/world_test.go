package sim_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pbirefresh/local/sim"
)

// worldCall calls the World's Power BI over a real socket.
func worldCall(t *testing.T, w *sim.World, client *http.Client, method, path string) (int, error) {
	t.Helper()
	token, _, err := w.Token()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.PowerBIURL+"/v1.0/myorg"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Body.Close()
}

func TestWorldEnvironment(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{})
	env := w.Env()
	for _, name := range []string{
		"POWERBI_TENANT_ID", "POWERBI_CLIENT_ID", "KEY_VAULT_URL", "POWERBI_CLIENT_SECRET_NAME", "POWERBI_API_URL",
		"POWERBI_SCOPE", "AZURE_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "SSL_CERT_FILE",
	} {
		if env[name] == "" {
			t.Errorf("got no %s, want one", name)
		}
	}
	for name, scheme := range map[string]string{
		"KEY_VAULT_URL": "https", "POWERBI_API_URL": "https", "AZURE_AUTHORITY_HOST": "https", "IDENTITY_ENDPOINT": "http",
	} {
		u, err := url.Parse(env[name])
		if err != nil || u.Scheme != scheme || u.Hostname() != "127.0.0.1" {
			t.Errorf("%s: got %s; want Scheme %v, Hostname 127.0.0.1", name, env[name], scheme)
		}
	}
	if list := w.Environ(); len(list) != len(env) || !strings.HasPrefix(list[0], "AZURE_AUTHORITY_HOST=https://") {
		t.Errorf("got %v; want %v, the prefix 'AZURE_AUTHORITY_HOST=https://'", list, len(env))
	}
}

func TestWorldCertificates(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{Dir: t.TempDir()})
	text, err := os.ReadFile(w.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("got no certificate in the CA file, want one")
	}
	addr := strings.TrimPrefix(w.VaultURL, "https://")
	for _, name := range []string{"127.0.0.1", "localhost", "kv.localhost", "::1"} {
		dialer := &tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Errorf("%s: got %v; want no error", name, err)
			continue
		}
		_ = conn.Close()
	}
	dialer := &tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: "api.powerbi.com", MinVersion: tls.VersionTLS12}}
	if _, err := dialer.DialContext(t.Context(), "tcp", addr); err == nil {
		t.Error("the certificate is good for a public name; want an error")
	}
	block, _ := pem.Decode(text)
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !ca.IsCA || len(ca.PermittedDNSDomains) != 1 || ca.PermittedDNSDomains[0] != "localhost" {
		t.Errorf("got %v or a CA for other names, want loopback names alone", err)
	}
}

// A child process trusts the World through its environment alone, where Go reads SSL_CERT_FILE.
func TestWorldIsTrustedByAChildProcess(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestChildProcess$", "-test.v")
	cmd.Env = append(append(os.Environ(), w.Environ()...), "SIM_TEST_CHILD_URL="+w.EntraURL+sim.TenantID+"/v2.0/.well-known/openid-configuration")
	out, err := cmd.CombinedOutput()
	trusted := err == nil && strings.Contains(string(out), "child got 200")
	if documented := runtime.GOOS != "windows" && runtime.GOOS != "darwin"; trusted != documented {
		t.Errorf("got %v\n%s; want trusted %v", err, out, documented)
	}
}

func TestChildProcess(t *testing.T) {
	target := os.Getenv("SIM_TEST_CHILD_URL")
	if target == "" {
		return // only means something in the process that the test above starts
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Logf("child got %d", resp.StatusCode)
}

func TestWorldCutsConnections(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{})
	for kind, accepted := range map[sim.FaultKind]int{sim.CutBefore: 0, sim.CutAfter: 1} {
		ref := map[sim.FaultKind]sim.Ref{sim.CutBefore: sim.Sales(), sim.CutAfter: sim.Finance()}[kind]
		if err := w.Fail(sim.Fault{Kind: kind, Op: sim.OpStart, Model: ref}); err != nil {
			t.Fatal(err)
		}
		_, err := worldCall(t, w, w.Client(), http.MethodPost, refreshesPath(ref))
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: error %v, want a closed connection", kind, err)
		}
		if list, err := w.PowerBI.Refreshes(ref); err != nil || len(list) != accepted {
			t.Errorf("%s: got %d refreshes (%v); want %v", kind, len(list), err, accepted)
		}
	}
}

// Go's transport silently repeats a request on a reused connection that dies, if the method is idempotent. A POST must not be.
func TestWorldCutOnAReusedConnection(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{})
	client := w.Client()
	if status, err := worldCall(t, w, client, http.MethodGet, "/groups"); status != http.StatusOK {
		t.Fatalf("got %d, %v; want HTTP 200", status, err)
	}
	if err := w.Fail(sim.Fault{Kind: sim.CutAfter, Op: sim.OpStart}); err != nil {
		t.Fatal(err)
	}
	if _, err := worldCall(t, w, client, http.MethodPost, refreshesPath(sim.Sales())); err == nil {
		t.Error("no error; want an error")
	}
	if c, err := w.PowerBI.Counters(sim.Sales()); err != nil || c.Posts != 1 {
		t.Errorf("got %+v %v; want Posts 1", c, err)
	}
}

func TestWorldPublishesTheEndWithoutARead(t *testing.T) {
	t.Parallel()
	ended := make(chan sim.Entry, 1)
	w := startWorld(t, sim.WorldOptions{Options: sim.Options{
		Duration: 1,
		OnEvent: func(e sim.Entry) {
			if e.Kind == sim.KindEnded {
				ended <- e
			}
		},
	}})
	if status, err := worldCall(t, w, w.Client(), http.MethodPost, refreshesPath(sim.Sales())); status != http.StatusAccepted {
		t.Fatalf("got %d, %v; want HTTP 202", status, err)
	}
	if e := <-ended; e.Model != sim.Sales() {
		t.Errorf("got %+v; want Model %v", e, sim.Sales())
	}
}

func TestWorldUnderLoad(t *testing.T) {
	t.Parallel()
	w := startWorld(t, sim.WorldOptions{})
	client := w.Client()
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 16 {
		group.Go(func() {
			status, err := worldCall(t, w, client, http.MethodPost, refreshesPath(sim.Sales()))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	group.Wait()
	if statuses[http.StatusAccepted] != 1 || statuses[http.StatusBadRequest] != 15 {
		t.Errorf("%v, want one winner", statuses)
	}
}

func TestWorldCleansUp(t *testing.T) {
	t.Parallel()
	w, err := sim.Start(sim.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.CAFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the CA file is still there: got %v; want the error %v", err, os.ErrNotExist)
	}
	if _, err := worldCall(t, w, w.Client(), http.MethodGet, "/groups"); err == nil {
		t.Error("still listening; want an error")
	}
}

func TestWorldReportsWhatItCannotDo(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for name, opts := range map[string]sim.WorldOptions{
		"port taken":           {ControlAddr: l.Addr().String()},
		"directory is missing": {Dir: "/nonexistent/pbirefresh"},
	} {
		if _, err := sim.Start(opts); err == nil || !strings.HasPrefix(err.Error(), "sim: ") {
			t.Errorf("%s: got %v; want an error, the prefix 'sim: '", name, err)
		}
	}
}
