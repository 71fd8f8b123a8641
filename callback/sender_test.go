package callback

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// names is a name server that returns its answers in turn, and then always the last one.
type names struct {
	answers [][]string
	asked   atomic.Int32
}

func (n *names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	i := min(int(n.asked.Add(1)), len(n.answers)) - 1
	if i < 0 {
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	var addrs []netip.Addr
	for _, a := range n.answers[i] {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	return addrs, nil
}

// senderTo is a sender for which every name is a public address behind which srv is.
func senderTo(t *testing.T, srv *httptest.Server) *Sender {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	hosts, err := ParseHosts("logic.azure.com example.com")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(SenderOptions{
		Policy: Policy{Hosts: hosts}, Roots: roots, Version: "1.2.3",
		resolver: &names{answers: [][]string{{"20.50.1.2"}}},
		dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, srv.Listener.Addr().String())
		},
	})
	// The certificate of httptest is for example.com.
	s.transport.(*http.Transport).TLSClientConfig.ServerName = "example.com"
	return s
}

func TestWhatIsSent(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // it would end every request
	var got *http.Request
	var body []byte
	srv := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer srv.Close()
	s := senderTo(t, srv)
	if res := s.Send(t.Context(), mustURL(t, s.policy, exactURL), []byte(`{"a":1}`)); res != (Result{Status: 200}) {
		t.Fatalf("the result is %+v, want status 200", res)
	}
	if got.Method != "POST" || string(body) != `{"a":1}` || got.ContentLength != 7 {
		t.Errorf("received %s %q of length %d, want POST of the body", got.Method, body, got.ContentLength)
	}
	want := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"pbirefresh/1.2.3"}, "Content-Length": {"7"}, "Connection": {"close"}}
	if fmt.Sprint(got.Header) != fmt.Sprint(want) {
		t.Errorf("headers %v, want %v and nothing else", got.Header, want)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		header string
		want   Result
	}{
		{"taken", 202, "", Result{Status: 202}},
		{"gone", 404, "", Result{Status: 404}},
		{"a redirect is an answer", 307, "Location: https://example.com/elsewhere", Result{Status: 307}},
		{"throttled", 429, "Retry-After: 120", Result{Status: 429, RetryAfter: 2 * time.Minute}},
		{"throttled until a date", 503, "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT", Result{Status: 503, RetryAfter: time.Hour}},
		{"throttled until yesterday", 503, "Retry-After: Fri, 01 Jan 2010 00:00:00 GMT", Result{Status: 503}},
		{"throttled for ever", 503, "Retry-After: 99999999999999999999", Result{Status: 503}},
		{"throttled for very long", 503, "Retry-After: 99999999", Result{Status: 503, RetryAfter: time.Hour}},
		{"throttled for less than nothing", 503, "Retry-After: -5", Result{Status: 503}},
		{"nonsense", 503, "Retry-After: soon", Result{Status: 503}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				if name, value, ok := strings.Cut(tc.header, ": "); ok {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tc.status)
			}))
			defer srv.Close()
			s := senderTo(t, srv)
			if res := s.Send(t.Context(), mustURL(t, s.policy, exactURL), nil); res != tc.want || calls.Load() != 1 {
				t.Errorf("%+v after %d requests, want %+v after one", res, calls.Load(), tc.want)
			}
		})
	}
}

// Of an answer without an end 4 KiB are read. What the receiver wrote beyond is in buffers.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	left, written := make(chan struct{}), 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(left)
		for chunk := bytes.Repeat([]byte("x"), 1024); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
			written += len(chunk)
		}
	}))
	defer srv.Close()
	s := senderTo(t, srv)
	if res := s.Send(t.Context(), mustURL(t, s.policy, exactURL), nil); res.Status != 200 {
		t.Errorf("the result is %+v, want status 200", res)
	}
	if <-left; written > 8<<20 {
		t.Errorf("%d bytes of the answer were taken, want about %d", written, maxAnswer)
	}
}

// A header without an end, or an answer that is not HTTP, is reported in our own words: the
// receiver may repeat the URL.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"an echo":      "%s\r\n\r\n",
		"a big header": "HTTP/1.1 200 OK\r\nX: %s" + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		"nothing":      "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(conn, strings.ReplaceAll(answer, "%s", r.RequestURI))
				_ = conn.Close()
			}))
			defer srv.Close()
			s := senderTo(t, srv)
			res := s.Send(t.Context(), mustURL(t, s.policy, exactURL), nil)
			if res.Status != 0 || res.Refused || res.Cause == "" || strings.Contains(res.String(), "S1gnatur3") {
				t.Errorf("the result is %+v, want a cause without the secret", res)
			}
		})
	}
}

// refuseDial fails the test: nothing may be connected to.
func refuseDial(t *testing.T) dialFunc {
	return func(_ context.Context, _, address string) (net.Conn, error) {
		t.Errorf("connected to %s, want no connection", address)
		return nil, errors.New("not in a test")
	}
}

// One forbidden address is enough to refuse a host, at any position.
func TestNamesOfPrivateAddresses(t *testing.T) {
	t.Parallel()
	for _, addrs := range [][]string{
		{"127.0.0.1"}, {"169.254.169.254"}, {"168.63.129.16"}, {"10.0.0.1"}, {"::1"}, {"::ffff:10.0.0.1"}, {"fd00::1"}, {"64:ff9b::a00:1"},
		{"20.50.1.2", "10.0.0.1"}, {"10.0.0.1", "20.50.1.2"}, {"20.50.1.2", "fe80::1"}, {"0.0.0.0"},
	} {
		s := NewSender(SenderOptions{Policy: defaults(), resolver: &names{answers: [][]string{addrs}}, dial: refuseDial(t)})
		res := s.Send(t.Context(), mustURL(t, s.policy, exactURL), nil)
		if !res.Refused || res.Status != 0 || !strings.Contains(res.Cause, "CALLBACK_NETWORKS") || strings.Contains(res.Cause, addrs[0]) {
			t.Errorf("a host with %v: %+v, want it refused without an address", addrs, res)
		}
	}
}

// A name server that answers first with a public address and then with a private one is
// asked once for each POST, and the connection goes to the first address.
func TestRebinding(t *testing.T) {
	t.Parallel()
	resolver := &names{answers: [][]string{{"20.50.1.2"}, {"127.0.0.1"}}}
	var dialled []string
	s := NewSender(SenderOptions{Policy: defaults(), resolver: resolver, dial: func(_ context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, network+" "+address)
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	}})
	u := mustURL(t, s.policy, exactURL)
	if res := s.Send(t.Context(), u, nil); res.Refused || res.Cause != "no connection to the receiver" {
		t.Errorf("the first POST: %+v, want no connection", res)
	}
	if res := s.Send(t.Context(), u, nil); !res.Refused {
		t.Errorf("the second POST: %+v, want it refused", res)
	}
	if fmt.Sprint(dialled) != "[tcp 20.50.1.2:443]" || resolver.asked.Load() != 2 {
		t.Errorf("connected to %v after %d look-ups, want tcp 20.50.1.2:443 after 2", dialled, resolver.asked.Load())
	}
}

// The second address is tried if the first does not answer. An address in a network of the
// settings may be private.
func TestAddressesInTurn(t *testing.T) {
	t.Parallel()
	networks, err := ParseNetworks("10.1.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	var dialled []string
	d := &dialer{networks: networks, resolver: &names{answers: [][]string{{"10.1.0.4", "::ffff:20.50.1.2", "2603::1"}}},
		dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			if len(dialled) < 3 {
				return nil, errors.New("no route")
			}
			return nil, nil //nolint:nilnil // the connection is not used
		}}
	if _, err := d.DialContext(t.Context(), "tcp", "receiver.internal:443"); err != nil {
		t.Error(err)
	}
	if fmt.Sprint(dialled) != "[10.1.0.4:443 20.50.1.2:443 [2603::1]:443]" {
		t.Errorf("connected to %v, want the three addresses in turn", dialled)
	}
}

func TestCausesInWords(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the failed handshake is wanted
	srv.StartTLS()
	defer srv.Close()
	wrongName := senderTo(t, srv)
	wrongName.transport.(*http.Transport).TLSClientConfig.ServerName = ""
	noName := NewSender(SenderOptions{Policy: defaults(), resolver: &names{}, dial: refuseDial(t)})
	noAddress := NewSender(SenderOptions{Policy: defaults(), resolver: &names{answers: [][]string{{}}}, dial: refuseDial(t)})
	slow := senderTo(t, srv)
	ended, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	stricter := senderTo(t, srv)
	stricter.policy = Policy{}
	u := mustURL(t, defaults(), exactURL)
	for _, tc := range []struct {
		name    string
		ctx     context.Context
		s       *Sender
		says    string
		refused bool
	}{
		{"certificate", t.Context(), wrongName, "certificate", false},
		{"no such name", t.Context(), noName, "could not be resolved", false},
		{"no address", t.Context(), noAddress, "could not be resolved", false},
		{"no time", ended, slow, "in time", false},
		{"stricter settings", t.Context(), stricter, "settings", true},
	} {
		if res := tc.s.Send(tc.ctx, u, nil); !strings.Contains(res.Cause, tc.says) || res.Refused != tc.refused || res.Status != 0 {
			t.Errorf("%s: %+v, want a cause with %q, refused %t", tc.name, res, tc.says, tc.refused)
		}
	}
}
