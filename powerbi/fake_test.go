package powerbi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	workspaceID = "f089354e-8366-4e18-aea3-4cb4a3a50b48" // the reference's samples
	datasetID   = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
	aRefreshID  = "87f31ef7-1e3a-4006-9b0b-191693e79e9e"
)

func model() Dataset { return Dataset{WorkspaceID: workspaceID, DatasetID: datasetID} }

// wire is an in-process transport. It answers with a function and keeps what it saw.
type wire struct {
	answer func(n int, r *http.Request) (*http.Response, error) // n counts from 1

	mu   sync.Mutex
	seen []sent
}

// sent is a request as the transport got it.
type sent struct {
	method, url, body string
	header            http.Header
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	w.mu.Lock()
	w.seen = append(w.seen, sent{r.Method, r.URL.String(), string(body), r.Header.Clone()})
	n := len(w.seen)
	w.mu.Unlock()
	return w.answer(n, r)
}

func (w *wire) requests() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]sent(nil), w.seen...)
}

// reply makes a response. Headers come as "Name: value".
func reply(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: h,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// always answers every request alike.
func always(status int, body string, headers ...string) *wire {
	return &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return reply(status, body, headers...), nil
	}}
}

// inTurn answers with one function after the other, the last one for ever.
func inTurn(answers ...func() (*http.Response, error)) *wire {
	return &wire{answer: func(n int, _ *http.Request) (*http.Response, error) {
		return answers[min(n, len(answers))-1]()
	}}
}

func replies(status int, body string, headers ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return reply(status, body, headers...), nil }
}

func breaks(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// identity is a credential that numbers its tokens, and, like azidentity, hands out
// the same one until it is asked with claims.
type identity struct {
	asked  atomic.Int32 // all calls
	issued atomic.Int32 // new tokens
	err    error
	claims atomic.Value // the last claims
}

func (i *identity) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	i.asked.Add(1)
	if i.err != nil {
		return azcore.AccessToken{}, i.err
	}
	if o.Claims != "" || i.issued.Load() == 0 {
		i.issued.Add(1)
		i.claims.Store(o.Claims)
	}
	return azcore.AccessToken{
		Token:     fmt.Sprintf("token-%d", i.issued.Load()),
		ExpiresOn: time.Now().Add(time.Hour),
	}, nil
}

func newClient(t *testing.T, w policy.Transporter, cred azcore.TokenCredential) *Client {
	t.Helper()
	if cred == nil {
		cred = new(identity)
	}
	c, err := NewClient(cred, Options{Transport: w, Version: "1.2.3", Timeout: 5 * time.Second, StartTimeout: 9 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := err.(*Error) //nolint:errorlint // every error must be one itself, not wrap one
	if !ok {
		t.Fatalf("got %T (%v), want an *Error", err, err)
	}
	return e
}

// detailOrHistory answers the two kinds of reads.
func detailOrHistory(detail func() (int, string, []string), history string) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/refreshes") {
			return reply(200, history), nil
		}
		status, body, headers := detail()
		return reply(status, body, headers...), nil
	}
}
