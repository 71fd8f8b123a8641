package bloblease

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// TestErrorTexts: one line that says what is wrong and what to do.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		status int
		code   string
		says   []string
	}{
		{403, "AuthorizationFailure", []string{`"Storage Blob Data Contributor"`, "STATE_STORAGE__blobServiceUri", "firewall"}},
		{403, "AuthorizationPermissionMismatch", []string{`"Storage Blob Data Contributor"`, "STATE_STORAGE__blobServiceUri"}},
		{403, "", []string{`"Storage Blob Data Contributor"`}},
		{403, "AuthenticationFailed", []string{"STATE_STORAGE", "clock"}},
		{403, "KeyBasedAuthenticationNotPermitted", []string{"forbids keys", "STATE_STORAGE__blobServiceUri"}},
		{401, "", []string{"tenant"}},
		{409, "ContainerBeingDeleted", []string{"wait a minute", "STATE_CONTAINER"}},
		{409, "BlobImmutableDueToPolicy", []string{"immutability policy"}},
		{400, "InvalidUri", []string{"not the blob endpoint"}},
		{413, "RequestBodyTooLarge", []string{"413 RequestBodyTooLarge"}},
	} {
		store, _ := openStub(t, always(row.status, row.code))
		text := operations[leasetest.OpWrite](t.Context(), store).Error()
		for _, says := range append(row.says, "Write models/a.json", "request id 11111111-") {
			if !strings.Contains(text, says) {
				t.Errorf("%d %s: %q does not say %q", row.status, row.code, text, says)
			}
		}
		if strings.Contains(text, "\n") || len(text) > maxText {
			t.Errorf("%d %s: too long: %q", row.status, row.code, text)
		}
	}
}

// TestCausesRemain: who needs the service's own answer finds it.
func TestCausesRemain(t *testing.T) {
	t.Parallel()
	store, _ := openStub(t, always(412, "LeaseLost"))
	err := operations[leasetest.OpWrite](t.Context(), store)
	var refusal *azcore.ResponseError
	if !errors.Is(err, lease.ErrLost) || !errors.As(err, &refusal) || refusal.ErrorCode != "LeaseLost" {
		t.Fatalf("%v: want ErrLost and the response", err)
	}
}

// TestNoSecrets: neither a signature nor a lease id gets into an error.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	id := lease.NewID()
	for name, service := range map[string]doer{
		"cut": func(req *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Put", URL: req.URL.String(), Err: errors.New("EOF")}
		},
		"refused": always(403, "AuthenticationFailed"),
	} {
		store, err := New(Options{
			ConnectionString: "BlobEndpoint=https://a.example;SharedAccessSignature=sv=1&sig=s3cret",
			Container:        "abc", Transport: service,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			second(store.Write(t.Context(), "a", id, "0x8DB", nil, nil)),
			second(store.Create(t.Context(), "a", nil, nil)),
			store.Release(t.Context(), "a", id),
			store.Ping(t.Context()),
		} {
			if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), id) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestUnreachableNamesTheSetting(t *testing.T) {
	t.Parallel()
	store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Put", URL: req.URL.String(), Err: &net.DNSError{Err: "no such host", Name: "account"}}
	})
	err := operations[leasetest.OpWrite](t.Context(), store)
	if !comesTo(err, errNotDone) || !strings.Contains(err.Error(), "STATE_STORAGE__blobServiceUri") {
		t.Fatalf("%v: want it not done, with the setting", err)
	}
}

// FuzzAnswers: whatever answers, a write is "done" only by a 201 with an ETag and
// "not done" only by a refusal.
func FuzzAnswers(f *testing.F) {
	f.Add(201, "", `"0x8DC"`, "Sat, 01 Aug 2026 06:00:00 GMT", "")
	f.Add(412, "LeaseLost", "", "", "<Error><Code>LeaseLost</Code></Error>")
	f.Add(503, "ServerBusy", "", "never", `{"error":{"code":"x"}}`)
	f.Add(404, "ContainerNotFound", "", "", "")
	f.Add(200, "two\nlines", "", "", "")
	f.Add(200, "", `W/"x"`, "Sat, 01 Aug 2026 06:00:00 GMT", "<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs><NextMarker>b</NextMarker></EnumerationResults>")
	f.Fuzz(func(t *testing.T, status int, code, etag, date, body string) {
		if status < 200 || status > 599 || status == http.StatusServiceUnavailable {
			status = http.StatusOK // no HTTP answer, or one that the SDK waits after
		}
		store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
			resp := reply(req, status, code, body)
			resp.Header.Set("Etag", etag)
			resp.Header.Set("Date", date)
			return resp, nil
		})
		_, err := store.Write(t.Context(), "a", lease.NewID(), "0x8DB", nil, nil)
		refused := status >= 400 && status < 500 && status != http.StatusRequestTimeout
		switch {
		case err == nil && status != http.StatusCreated, errors.Is(err, lease.ErrUnknown) == refused && err != nil:
			t.Fatalf("Write answered %d: %v", status, err)
		case err != nil && strings.Contains(err.Error(), "\n"):
			t.Fatalf("more than one line: %v", err)
		}
		if status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests {
			return // the others wait between tries
		}
		if doc, err := store.Read(t.Context(), "a"); err == nil && (doc.Version == "" || doc.Date.IsZero()) {
			t.Fatalf("Read answered %d: %+v", status, doc)
		}
		if page, err := store.List(t.Context(), "", "", 5); err == nil && page.Date.IsZero() {
			t.Fatalf("List answered %d: %+v", status, page)
		}
	})
}
