package handler

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// served is the routes on a real socket, and a client of them.
func served(t *testing.T) (*bench, *Client) {
	t.Helper()
	b := newBench(t, func(c *Config) { c.BaseURL = "" })
	server := httptest.NewServer(b.routes)
	t.Cleanup(server.Close)
	return b, &Client{BaseURL: server.URL, Key: testKey, HTTP: server.Client()}
}

func TestClientFollowsARefresh(t *testing.T) {
	t.Parallel()
	b, c := served(t)
	doc, err := c.Trigger(t.Context(), []byte(wholeModel(`"whenBusy":"join"`)))
	if err != nil {
		t.Fatal(err)
	}
	if doc.Status != machine.StatusNotStarted || doc.StatusURL != c.BaseURL+statusPath || b.fake.requests[0].Ask.WhenBusy != machine.WhenBusyJoin {
		t.Errorf("%+v", doc)
	}
	b.fake.status = always(receipt(machine.Running))
	if doc, wait, err := c.Status(t.Context(), doc.StatusURL); err != nil || doc.Status != machine.StatusRunning || wait != 5*time.Second {
		t.Errorf("%s, again in %v, %v", doc.Status, wait, err)
	}
	b.fake.status = always(receipt(machine.Failed))
	doc, wait, err := c.Status(t.Context(), doc.StatusURL)
	if err != nil || doc.Status != machine.StatusFailed || doc.Error.Code != machine.CodeRefreshFailed || wait != 0 {
		t.Errorf("a refresh that failed is no error of the call: %+v, %v, %v", doc, wait, err)
	}
}

func TestClientCancels(t *testing.T) {
	t.Parallel()
	b, c := served(t)
	for _, force := range []bool{false, true} {
		b.fake.cancel = func(id string, forced bool) (refresh.Receipt, error) {
			if id != testID || forced != force {
				t.Errorf("cancel %q, force %t", id, forced)
			}
			return receipt(machine.Running), nil
		}
		cancel, of := c.Cancel, testStatusURL
		if force {
			cancel, of = c.CancelAll, testID
		}
		if doc, err := cancel(t.Context(), of); err != nil || doc.ID != testID {
			t.Errorf("%+v, %v", doc, err)
		}
	}
	b.fake.cancel = nil
	if _, err := c.CancelAll(t.Context(), "../health?x="); code(err) != "RouteNotFound" {
		t.Errorf("an id that is none: %v", err)
	}
}

// code is the code of a client's error.
func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestClientGivesErrorsBack(t *testing.T) {
	t.Parallel()
	b, c := served(t)
	_, err := c.Trigger(t.Context(), []byte(`{"extra":1}`))
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest || e.Target != "workspaceId" || len(e.Details) != 3 || strings.Contains(err.Error(), "\n") {
		t.Errorf("%#v", err)
	}
	b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) {
		return refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeQueueFull, Message: "Full."}
	}
	_, err = c.Trigger(t.Context(), []byte(wholeModel()))
	if !errors.As(err, &e) || e.Status != http.StatusServiceUnavailable || e.RetryAfter != time.Minute || e.Message != "Full." {
		t.Errorf("%#v", err)
	}
}

func TestClientOfSomethingElse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		body   string
		says   string
	}{
		{"no key", 401, "", "function key"},
		{"another site", 404, "<html>", "the address of the function app"},
		{"a gateway", 502, "<html>", "502"},
		{"a page", 200, "<html>", "without saying why"},
		{"an empty answer", 202, "", "without saying why"},
		{"other JSON", 200, `{"error":"x"}`, "without saying why"},
		{"an array", 200, `[]`, "without saying why"},
		{"numeric status", 500, `{"status":500,"title":"x"}`, "without saying why"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			}))
			defer server.Close()
			c := &Client{BaseURL: server.URL}
			_, err := c.Trigger(t.Context(), []byte(`{}`))
			var e *Error
			if !errors.As(err, &e) || e.Code != "UnexpectedAnswer" || e.Status != tc.status || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// The key goes to the app's own host, and not to one that it is sent on to.
func TestClientKeepsItsKey(t *testing.T) {
	t.Parallel()
	var leaked []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Method+" "+r.URL.Path+" "+r.Header.Get("x-functions-key"))
	}))
	defer other.Close()
	var keys []string
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("x-functions-key"))
		http.Redirect(w, r, other.URL+"/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer own.Close()
	c := &Client{BaseURL: own.URL, Key: testKey}
	if _, err := c.Trigger(t.Context(), []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "307") {
		t.Errorf("%v", err)
	}
	if len(keys) != 1 || keys[0] != testKey {
		t.Errorf("the app got %q", keys)
	}
	if len(leaked) != 0 {
		t.Errorf("another host got %q", leaked)
	}
}

// A status URL may come from anywhere: only one below the app's address gets the key.
func TestClientSendsItsKeyToTheAppOnly(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		testBase + "/api/refreshes/x":              testKey,
		testBase + ".evil.example/x":               "",
		testBase + ":8443/x":                       "",
		testBase + "@evil.example/x":               "",
		"http://app.example.net/x":                 "",
		"https://APP.example.net/x":                "",
		"https://evil.example/?" + testBase + "/x": "",
		"https://evil.example/" + testBase[8:]:     "",
	} {
		sent := "nothing was sent"
		c := &Client{BaseURL: testBase, Key: testKey, HTTP: &http.Client{Transport: roundTripper(func(r *http.Request) {
			sent = r.Header.Get("x-functions-key")
		})}}
		if _, _, err := c.Status(t.Context(), address); err == nil || sent != want {
			t.Errorf("%s: %q, %v", address, sent, err)
		}
	}
}

// roundTripper looks at a request and loses it.
type roundTripper func(*http.Request)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return nil, errors.New("lost")
}

// inProcess serves a client's requests without a socket, so that virtual time passes.
type inProcess struct{ routes http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w, served := httptest.NewRecorder(), r.Clone(r.Context())
	served.RequestURI, served.Host = r.URL.RequestURI(), r.URL.Host
	p.routes.ServeHTTP(w, served)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func TestClientWatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		c := &Client{BaseURL: testBase, HTTP: &http.Client{Transport: inProcess{b.routes}}}
		ends := endsAfter(12*time.Second, machine.Succeeded)
		calls := 0
		b.fake.status = func(id string) (refresh.Receipt, error) {
			if calls++; calls == 2 {
				return refresh.Receipt{}, &refresh.UnavailableError{RetryAfter: 3 * time.Second}
			}
			return ends(id)
		}
		var reported []machine.Status
		began := time.Now()
		doc, err := c.Watch(t.Context(), testStatusURL, func(d StatusDocument) { reported = append(reported, d.Status) })
		if err != nil || doc.Status != machine.StatusSucceeded {
			t.Errorf("%+v, %v", doc, err)
		}
		// Looks at 0, 5 (not now), 8 and 13: as the answers asked.
		if took := time.Since(began); took != 13*time.Second || len(reported) != 3 || reported[2] != machine.StatusSucceeded {
			t.Errorf("took %v, reported %v", took, reported)
		}
	})
}

// troubled is a service that answers in order with a code of the host's own, or with
// nothing; the routes answer what is empty, and all that comes after.
type troubled struct {
	next  inProcess
	codes *[]string
}

func (f troubled) RoundTrip(r *http.Request) (*http.Response, error) {
	code := ""
	if len(*f.codes) > 0 {
		code, *f.codes = (*f.codes)[0], (*f.codes)[1:]
	}
	switch code {
	case "":
		return f.next.RoundTrip(r)
	case "lost":
		return nil, errors.New("connection reset by peer")
	}
	w := httptest.NewRecorder()
	n, _ := strconv.Atoi(code)
	w.WriteHeader(n)
	return w.Result(), nil
}

// A process that dies, and a host that has none for a while, are waited out; an address
// that never answered is not.
func TestClientBearsTrouble(t *testing.T) {
	t.Parallel()
	long := slices.Repeat([]string{"lost"}, 100)
	for _, tc := range []struct {
		name  string
		codes []string
		ends  string // "" or what the error says
		took  time.Duration
	}{
		{"in the middle", []string{"", "lost", "500", "502", "503", "408"}, "", (5 + 5 + 4) * time.Second},
		{"at once", []string{"500", "503"}, "", 2 * time.Second},
		{"nobody has answered yet", []string{"lost"}, "connection reset", 0},
		{"for too long", append([]string{""}, long...), "connection reset", 5*time.Second + trouble},
		{"again and again", slices.Concat([]string{""}, long[:50], []string{""}, long[:50]), "", 2 * (5*time.Second + 50*comeAgain)},
		{"no trouble", []string{"", "401"}, "function key", 5 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.fake.status = endsAfter(tc.took, machine.Succeeded)
				if tc.ends != "" {
					b.fake.status = always(receipt(machine.Running))
				}
				c := &Client{BaseURL: testBase, HTTP: &http.Client{Transport: troubled{inProcess{b.routes}, &tc.codes}}}
				began := time.Now()
				doc, err := c.Watch(t.Context(), testStatusURL, func(StatusDocument) {})
				if (err == nil) != (tc.ends == "") || err == nil && doc.Status != machine.StatusSucceeded || err != nil && !strings.Contains(err.Error(), tc.ends) {
					t.Errorf("%s, %v", doc.Status, err)
				}
				if took := time.Since(began); took < tc.took || took > tc.took+comeAgain {
					t.Errorf("it took %v, want %v", took, tc.took)
				}
			})
		})
	}
}

func TestClientStopsWatching(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		c := &Client{BaseURL: testBase, HTTP: &http.Client{Transport: inProcess{b.routes}}}
		if _, err := c.Watch(t.Context(), testStatusURL, func(StatusDocument) {}); code(err) != machine.CodeNotFound {
			t.Errorf("an operation that is not there: %v", err)
		}
		b.fake.status = always(receipt(machine.Running))
		ctx, stop := context.WithTimeout(t.Context(), 7*time.Second)
		defer stop()
		began := time.Now()
		if _, err := c.Watch(ctx, testStatusURL, func(StatusDocument) {}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 7*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestClientWithWrongAddresses(t *testing.T) {
	t.Parallel()
	c := &Client{BaseURL: "://"}
	if _, err := c.Trigger(t.Context(), nil); err == nil {
		t.Error("no error")
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c.BaseURL = server.URL
	if _, err := c.Trigger(t.Context(), nil); err == nil || code(err) != "" {
		t.Errorf("nobody listens: %v", err)
	}
}
