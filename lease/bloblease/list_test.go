package bloblease

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"pbirefresh/lease"
)

const listing = `<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://account.blob.core.windows.net/" ContainerName="pbirefresh">
<Prefix>models/</Prefix><MaxResults>10</MaxResults>
<Blobs>
<Blob><Name>models/w</Name><Properties><Etag>0x8D1</Etag></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>
<Blob><Name>models/w/a.json</Name><Properties><Etag>0x8D2</Etag></Properties><Metadata><Due>never</Due><epoch>7</epoch></Metadata></Blob>
<Blob><Name>models/w/b.json</Name><Properties><Etag>"0x8D3"</Etag></Properties><Metadata /></Blob>
<Blob><Name>models/w/c.json</Name><Properties></Properties></Blob>
</Blobs>
<NextMarker>2!92!opaque</NextMarker>
</EnumerationResults>`

func TestListing(t *testing.T) {
	t.Parallel()
	var asked string
	store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
		asked = req.URL.RawQuery
		return reply(req, 200, "", listing), nil
	})
	page, err := store.List(t.Context(), "models/", "1!8!before", 10)
	if err != nil {
		t.Fatal(err)
	}
	if want := "comp=list&include=metadata&marker=1%218%21before&maxresults=10&prefix=models%2F&restype=container"; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
	same := func(a, b lease.Entry) bool {
		return a.Name == b.Name && a.Version == b.Version && len(a.Meta) == len(b.Meta) && a.Meta["due"] == b.Meta["due"] && a.Meta["epoch"] == b.Meta["epoch"]
	}
	want := []lease.Entry{
		{Name: "models/w/a.json", Meta: lease.Meta{"due": "never", "epoch": "7"}, Version: "0x8D2"},
		{Name: "models/w/b.json", Version: "0x8D3"},
	}
	if !slices.EqualFunc(page.Entries, want, same) {
		t.Errorf("entries %+v, want %+v", page.Entries, want)
	}
	if date := time.Date(2026, 8, 1, 6, 0, 0, 0, time.UTC); page.Next != "2!92!opaque" || !page.Date.Equal(date) {
		t.Errorf("next %q at %v", page.Next, page.Date)
	}
}

func TestListingOfNoContainer(t *testing.T) {
	t.Parallel()
	store, _ := openStub(t, always(404, codeContainerMissing))
	page, err := store.List(t.Context(), "", "", 10)
	if err != nil || len(page.Entries) != 0 || page.Next != "" || page.Date.IsZero() {
		t.Fatalf("%+v, %v: want an empty page with a date", page, err)
	}
}

func TestListingIsNotXML(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "{}"} {
		store, _ := openStub(t, func(req *http.Request) (*http.Response, error) { return reply(req, 200, "", body), nil })
		if page, err := store.List(t.Context(), "", "", 10); err == nil {
			t.Errorf("%q is listed as %+v", body, page)
		}
	}
}
