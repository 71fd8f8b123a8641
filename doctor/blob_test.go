package doctor

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
)

// blobs is the storage service as far as the doctor needs it: each kind of request succeeds,
// or is refused with one of the service's codes.
type blobs struct {
	refused map[string]string // list, create, lease, container -> "403 AuthorizationPermissionMismatch"
	ahead   time.Duration     // of its clock
}

// open is the store of the product in front of it.
func (b blobs) open(t *testing.T, with identity) lease.Store {
	t.Helper()
	store, err := bloblease.New(bloblease.Options{ServiceURL: "https://state.blob.core.windows.net", Container: "pbirefresh", Credential: with, Transport: b})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// Do answers as the Blob service does (documented: the status and error codes of each call).
func (b blobs) Do(r *http.Request) (*http.Response, error) {
	kind, status, body := "create", http.StatusCreated, ""
	switch {
	case r.URL.Query().Get("restype") == "container" && r.Method == http.MethodPut:
		kind = "container"
	case r.URL.Query().Get("comp") == "list":
		kind, status, body = "list", http.StatusOK, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://state.blob.core.windows.net/" ContainerName="pbirefresh"><Blobs/><NextMarker/></EnumerationResults>`
	case r.URL.Query().Get("comp") == "lease" && slices.Contains(r.Header["x-ms-lease-action"], "release"): //nolint:staticcheck // as the SDK spells it
		kind, status = "lease", http.StatusOK
	case r.URL.Query().Get("comp") == "lease":
		kind = "lease"
	case r.Method == http.MethodDelete:
		kind, status = "delete", http.StatusAccepted
	}
	h := http.Header{"Date": {time.Now().Add(b.ahead).UTC().Format(http.TimeFormat)}, "Etag": {`"0x8DC"`}, "Content-Type": {"application/xml"}}
	if code := b.refused[kind]; code != "" {
		status, body = int(code[0]-'0')*100+int(code[1]-'0')*10+int(code[2]-'0'), ""
		h.Set("X-Ms-Error-Code", code[4:])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}
