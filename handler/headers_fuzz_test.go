package handler

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"pbirefresh/access"
)

// FuzzHeaders: whatever a client sends, what goes on record is an address, an id of
// letters, digits and dashes, and a caller that nothing in the headers can make up
// while App Service authentication is off.
func FuzzHeaders(f *testing.F) {
	f.Add("203.0.113.7:4711", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "key", "code=key", "e30=")
	f.Add("10.0.0.1, [2001:db8::1]:443", "forged, id", "", "CODE=a&code=b", principal(ada)[len(access.PrincipalHeader)+2:])
	f.Add("fe80::1%eth0\u202e", "a\u2028b", "k", "code=%00", "")
	f.Add(strings.Repeat("1,", 9000), strings.Repeat("x", 65), "k", "a;b=c", "=")
	f.Add("", "", "", "code=a&code=b", "")
	f.Fuzz(func(t *testing.T, forwarded, id, key, query, claims string) {
		key = "s3cret-" + key
		h := http.Header{"X-Forwarded-For": {forwarded}, http.CanonicalHeaderKey("X-Azure-Functions-InvocationId"): {id},
			"X-Functions-Key": {key}, access.PrincipalHeader: {claims}}
		r := &http.Request{Header: h}
		if address := newGuard(Guard{FrontEnd: true}).address(h); address != "" {
			if a, err := netip.ParseAddr(address); err != nil || a.String() != address || a.Zone() != "" {
				t.Fatalf("the address %q", address)
			}
		}
		if got := requestID(r); !hostIDPattern.MatchString(got) {
			t.Fatalf("the id %q", got)
		}
		req, err := http.NewRequest(http.MethodPost, "https://app/api/refreshes", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.RawQuery = query
		off, err := access.Gate{}.Identify(h, req.URL.Query())
		if err != nil && !errors.Is(err, access.ErrKeys) || off.ObjectID+off.AppID != "" {
			t.Fatalf("Identify with the query %q = %+v, %v; want no identity, and no error but ErrKeys", query, off, err)
		}
		on, _ := access.Gate{EasyAuth: true}.Identify(h, req.URL.Query())
		if strings.Contains(off.String()+on.String(), "s3cret-") {
			t.Fatalf("the key is told: %s, %s", off, on)
		}
	})
}

// canned is a service that answers with these bytes.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(c)), r)
}

// FuzzClient: whatever stands in the place of the app, the client of these routes gets a
// status or an error, and waits no longer than told.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 202 Accepted\r\nRetry-After: 5\r\n\r\n{\"status\":\"Running\",\"statusUrl\":\"https://evil/x\"}",
		"HTTP/1.1 409 C\r\nRetry-After: 99999999999\r\n\r\n{\"status\":\"Failed\",\"error\":null}", "HTTP/1.1 404 N\r\n\r\n{\"error\":{\"code\":\"x\",\"details\":[{}]}}",
		"HTTP/1.1 307 T\r\nLocation: https://evil/\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", "HTTP/1.1 000 \r\n\r\n", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		c := &Client{BaseURL: "https://app", Key: testKey, HTTP: &http.Client{Transport: canned(answer)}}
		doc, wait, err := c.Status(t.Context(), "https://app/api/refreshes/"+testID)
		if (err == nil) == (doc.Status == "") {
			t.Fatalf("%+v, %v", doc, err)
		}
		if err != nil && strings.Contains(err.Error(), testKey) {
			t.Fatalf("the key is told: %v", err)
		}
		if wait < 0 || wait > longestWait {
			t.Fatalf("it waits %v", wait)
		}
	})
}
