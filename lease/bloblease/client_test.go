package bloblease

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"pbirefresh/lease"
	"pbirefresh/local/azurite"
)

var anyone = credential(func(context.Context) (azcore.AccessToken, error) { return azcore.AccessToken{}, nil })

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const account = "https://account.blob.core.windows.net"
	for _, row := range []struct {
		name string
		o    Options
		says string
	}{
		{"nothing", Options{Container: "abc"}, "STATE_STORAGE__blobServiceUri or STATE_STORAGE"},
		{"both", Options{Container: "abc", ServiceURL: account, Credential: anyone, ConnectionString: "x"}, "remove one"},
		{"no credential", Options{Container: "abc", ServiceURL: account}, "credential"},
		{"no TLS", Options{Container: "abc", ServiceURL: "http://account.blob.core.windows.net", Credential: anyone}, "want https://"},
		{"no host", Options{Container: "abc", ServiceURL: "https:///x", Credential: anyone}, "want https://"},
		{"no URL", Options{Container: "abc", ServiceURL: "account", Credential: anyone}, "want https://"},
		{"broken URL", Options{Container: "abc", ServiceURL: "https://a b", Credential: anyone}, "want https://"},
		{"signature", Options{Container: "abc", ServiceURL: account + "?sig=s3cret", Credential: anyone}, "nothing after it"},
		{"user", Options{Container: "abc", ServiceURL: "https://u:s3cret@account", Credential: anyone}, "want https://"},
		{"no connection string", Options{Container: "abc", ConnectionString: "s3cret"}, "STATE_STORAGE is not a connection string"},
		{"key is not base64", Options{Container: "abc", ConnectionString: "AccountName=a;AccountKey=s3cret!"}, "STATE_STORAGE is not"},
		{"no container", Options{ServiceURL: account, Credential: anyone}, "STATE_CONTAINER"},
		{"short container", Options{Container: "ab", ServiceURL: account, Credential: anyone}, "STATE_CONTAINER"},
		{"long container", Options{Container: strings.Repeat("a", 64), ServiceURL: account, Credential: anyone}, "STATE_CONTAINER"},
		{"upper-case container", Options{Container: "PbiRefresh", ServiceURL: account, Credential: anyone}, "STATE_CONTAINER"},
		{"double hyphen", Options{Container: "pbi--refresh", ServiceURL: account, Credential: anyone}, "STATE_CONTAINER"},
		{"path", Options{Container: "pbi/refresh", ServiceURL: account, Credential: anyone}, "STATE_CONTAINER"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := New(row.o)
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("%v, want an error that says %q", err, row.says)
			}
			if text := err.Error(); strings.Contains(text, "s3cret") || strings.Contains(text, "\n") {
				t.Fatalf("a secret or more than one line: %s", text)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		o    Options
		want string
	}{
		{"service URL", Options{ServiceURL: "https://a.blob.core.windows.net", Credential: anyone}, "https://a.blob.core.windows.net/abc/models%2Fx.json"},
		{"final slash", Options{ServiceURL: "https://a.blob.core.windows.net/", Credential: anyone}, "https://a.blob.core.windows.net/abc/models%2Fx.json"},
		{"account key", Options{ConnectionString: "AccountName=a;AccountKey=QQ==;EndpointSuffix=core.chinacloudapi.cn"}, "https://a.blob.core.chinacloudapi.cn/abc/models%2Fx.json"},
		{"emulator", Options{ConnectionString: "UseDevelopmentStorage=true"}, "http://127.0.0.1:10000/devstoreaccount1/abc/models%2Fx.json"},
		{"emulator, as people write it", Options{ConnectionString: " usedevelopmentstorage=true; "}, "http://127.0.0.1:10000/devstoreaccount1/abc/models%2Fx.json"},
		{"signature", Options{ConnectionString: "BlobEndpoint=https://a.example;SharedAccessSignature=sv=1&sig=x"}, "https://a.example/abc/models%2Fx.json?sig=x&sv=1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var got string
			row.o.Container = "abc"
			row.o.Transport = doer(func(req *http.Request) (*http.Response, error) {
				got = req.URL.String()
				if path, query, ok := strings.Cut(got, "?"); ok {
					got = path + "?" + strings.Join(slices.Sorted(strings.SplitSeq(query, "&")), "&")
				}
				return reply(req, 200, "", ""), nil
			})
			store, err := New(row.o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Read(t.Context(), "models/x.json"); err != nil || got != row.want {
				t.Fatalf("asked %s (%v), want %s", got, err, row.want)
			}
		})
	}
}

// TestOwnTransport uses the client that New makes, as production does.
func TestOwnTransport(t *testing.T) {
	t.Parallel()
	store, err := New(Options{ConnectionString: azurite.Shared(t).ConnectionString(), Container: azurite.NewContainer()})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(t.Context(), "a", []byte("one"), nil); err != nil {
		t.Fatal(err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	client := newHTTPClient()
	if err := client.CheckRedirect(nil, nil); err != http.ErrUseLastResponse { //nolint:errorlint // net/http compares it so
		t.Fatalf("CheckRedirect: %v", err)
	}
	if n := client.Transport.(*http.Transport).MaxIdleConnsPerHost; n != maxIdle {
		t.Fatalf("%d idle connections", n)
	}
}

// TestConditionsAreSent: a write without both of them would be an overwrite.
func TestConditionsAreSent(t *testing.T) {
	t.Parallel()
	var header http.Header
	store, transport := openStub(t, func(req *http.Request) (*http.Response, error) {
		header = make(http.Header)
		for key, values := range req.Header {
			header[http.CanonicalHeaderKey(key)] = values
		}
		return reply(req, 201, "", ""), nil
	})
	id := lease.NewID()
	if _, err := store.Write(t.Context(), "a", id, "0x8DB", nil, lease.Meta{"due": "now"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"If-Match": `"0x8DB"`, "X-Ms-Lease-Id": id, "X-Ms-Meta-Due": "now", "If-None-Match": "",
		"Authorization": "Bearer t0ken", "X-Ms-Blob-Type": "BlockBlob",
	}
	for key, value := range want {
		if got := header.Get(key); got != value {
			t.Errorf("Write: %s is %q, want %q", key, got, value)
		}
	}
	if _, err := store.Create(t.Context(), "a", nil, nil); err != nil || header.Get("If-None-Match") != "*" {
		t.Errorf("Create: %v, If-None-Match is %q", err, header.Get("If-None-Match"))
	}
	transport.Reset()
	for name, err := range map[string]error{
		"no id":      second(store.Write(t.Context(), "a", "", "0x8DB", nil, nil)),
		"no version": second(store.Write(t.Context(), "a", id, "", nil, nil)),
	} {
		if !comesTo(err, lease.ErrLost) || len(transport.Sent()) != 0 {
			t.Errorf("Write with %s: %v after %v, want it lost without a request", name, err, transport.Sent())
		}
	}
}

func second(_ lease.Version, err error) error { return err }
