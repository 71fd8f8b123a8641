package bloblease

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"pbirefresh/lease"
)

// List implements lease.Store. A page may have fewer entries than limit, even
// none, and still not be the last (Azure Blob: documented, List Blobs).
func (s *Store) List(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	limit, err := lease.CheckLimit(limit)
	if err != nil {
		return lease.Page{}, err
	}
	if err := ctx.Err(); err != nil {
		return lease.Page{}, err
	}
	ctx, call := withListRetries(ctx)
	page, err := s.list(ctx, prefix, cursor, limit)
	if missingContainer(err) { // nothing was ever created
		return emptyPage(err)
	}
	return page, listOutcomes.ofRepeated("List", prefix, err, call)
}

func (s *Store) list(ctx context.Context, prefix, cursor string, limit int) (lease.Page, error) {
	options := &container.ListBlobsFlatOptions{
		Include:    container.ListBlobsInclude{Metadata: true},
		MaxResults: new(int32(limit)), //nolint:gosec // at most lease.MaxPage
	}
	if prefix != "" {
		options.Prefix = &prefix
	}
	if cursor != "" {
		options.Marker = &cursor
	}
	resp, err := s.container.NewListBlobsFlatPager(options).NextPage(ctx)
	if err != nil {
		return lease.Page{}, err
	}
	return pageOf(&resp)
}

func pageOf(resp *container.ListBlobsFlatResponse) (lease.Page, error) {
	date, err := dateOf(resp.Date)
	if err != nil {
		return lease.Page{}, err
	}
	if resp.ContainerName == nil && resp.ServiceEndpoint == nil {
		// The SDK takes an empty body for an empty page, the last one.
		return lease.Page{}, errNoListing
	}
	page := lease.Page{Date: date}
	if resp.NextMarker != nil {
		page.Next = *resp.NextMarker
	}
	if resp.Segment == nil {
		return page, nil
	}
	for _, item := range resp.Segment.BlobItems {
		if entry, ok := entryOf(item); ok {
			page.Entries = append(page.Entries, entry)
		}
	}
	return page, nil
}

// entryOf leaves out what is not a document: an account with a hierarchical
// namespace lists its directories too (seen: MicrosoftDocs/azure-docs#57754; the
// metadata key is unverified).
func entryOf(item *container.BlobItem) (lease.Entry, bool) {
	if item == nil || item.Name == nil || item.Properties == nil {
		return lease.Entry{}, false
	}
	version, err := versionOf(item.Properties.ETag)
	meta := metaOf(item.Metadata)
	if err != nil || meta["hdi_isfolder"] == "true" {
		return lease.Entry{}, false
	}
	return lease.Entry{Name: *item.Name, Meta: meta, Version: version, Endless: neverEnds(item.Properties.LeaseDuration)}, true
}

// emptyPage is the page of a container that does not exist, as of the refusal.
func emptyPage(refusal error) (lease.Page, error) {
	date, err := http.ParseTime(answer(refusal).header.Get("Date"))
	if err != nil {
		return lease.Page{}, listOutcomes.of("List", "", errNoDate)
	}
	return lease.Page{Date: date.UTC().Truncate(time.Second)}, nil
}
