package leasetest

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(req *http.Request) (*http.Response, error) { return f(req) }

// body reports whether it was read to its end and closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error {
	b.closed = true
	return nil
}

func TestTransport(t *testing.T) {
	t.Parallel()
	errDown := errors.New("the service is down")
	for _, row := range []struct {
		name      string
		hook      func(*http.Request) (bool, error)
		down      error
		want      error
		performed int
		dropped   bool
	}{
		{"no hook", nil, nil, nil, 1, false},
		{"passed", func(*http.Request) (bool, error) { return true, nil }, nil, nil, 1, false},
		{"not sent", func(*http.Request) (bool, error) { return false, errCut }, nil, errCut, 0, false},
		{"answer lost", func(*http.Request) (bool, error) { return true, errCut }, nil, errCut, 1, true},
		{"answer lost, of a service that is down", func(*http.Request) (bool, error) { return true, errCut }, errDown, errDown, 1, false},
		{"no decision", func(*http.Request) (bool, error) { return false, nil }, nil, errNothing, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			performed, answer := 0, &body{Reader: strings.NewReader("answer")}
			transport := NewTransport(doer(func(*http.Request) (*http.Response, error) {
				performed++
				if row.down != nil {
					return nil, row.down
				}
				return &http.Response{StatusCode: http.StatusOK, Body: answer}, nil
			}))
			transport.On(row.hook)
			resp, err := transport.Do(request(t, "PUT", "http://host/c/a", ""))
			if !errors.Is(err, row.want) || (resp == nil) != (err != nil) {
				t.Errorf("response %v, error %v; want %v", resp, err, row.want)
			}
			if performed != row.performed || answer.closed != row.dropped {
				t.Errorf("performed %d times, answer dropped: %v", performed, answer.closed)
			}
			if resp != nil {
				_ = resp.Body.Close()
			}
			if sent := transport.Sent(); len(sent) != 1 {
				t.Errorf("requests %v, want one", sent)
			}
			if transport.Reset(); len(transport.Sent()) != 0 {
				t.Error("Reset forgets nothing")
			}
		})
	}
}

func TestTransportNamesRequests(t *testing.T) {
	t.Parallel()
	transport := NewTransport(doer(func(*http.Request) (*http.Response, error) { return nil, errCut }))
	var want []string
	for _, row := range []struct{ method, url, action, want string }{
		{"GET", "http://host/c/a", "", "GET"},
		{"PUT", "http://host/c/a?comp=lease", "acquire", "PUT acquire"},
		{"PUT", "http://host/c/a?comp=lease", "", "PUT "},
		{"GET", "http://host/c?comp=list&restype=container", "", "GET comp=list"},
		{"PUT", "http://host/c?restype=container", "", "PUT restype=container"},
	} {
		want = append(want, row.want)
		if _, err := transport.Do(request(t, row.method, row.url, row.action)); err == nil { //nolint:bodyclose // there is none
			t.Fatal("no error")
		}
	}
	if sent := transport.Sent(); !slices.Equal(sent, want) {
		t.Errorf("requests %q, want %q", sent, want)
	}
}

func request(t *testing.T, method, url, action string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if action != "" {
		req.Header["x-ms-lease-action"] = []string{action} //nolint:staticcheck // as the Azure SDK spells it
	}
	return req
}
