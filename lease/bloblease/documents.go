package bloblease

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"pbirefresh/lease"
)

// Read implements lease.Store.
func (s *Store) Read(ctx context.Context, name string) (lease.Document, error) {
	if err := cmp.Or(ctx.Err(), lease.CheckName(name)); err != nil {
		return lease.Document{}, err
	}
	ctx, call := withRetries(ctx)
	doc, err := s.read(ctx, name)
	return doc, readOutcomes.ofRepeated("Read", name, err, call)
}

func (s *Store) read(ctx context.Context, name string) (lease.Document, error) {
	resp, err := s.container.NewBlobClient(name).DownloadStream(ctx, nil)
	if err != nil {
		return lease.Document{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read before, by bufferPolicy
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return lease.Document{}, err
	}
	version, err := versionOf(resp.ETag)
	if err != nil {
		return lease.Document{}, err
	}
	date, err := dateOf(resp.Date)
	return lease.Document{Body: body, Meta: metaOf(resp.Metadata), Version: version, Date: date, Endless: neverEnds(resp.LeaseDuration)}, err
}

// Create implements lease.Store. It makes the container if there is none.
func (s *Store) Create(ctx context.Context, name string, body []byte, meta lease.Meta) (lease.Version, error) {
	if err := cmp.Or(ctx.Err(), lease.CheckName(name), lease.CheckMeta(meta)); err != nil {
		return "", err
	}
	absent := &blob.AccessConditions{
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)},
	}
	version, sent, err := s.put(ctx, name, body, meta, absent)
	if missingContainer(err) { // a refusal: the first put can be repeated
		if err := s.createContainer(ctx); err != nil {
			return "", containerOutcomes.of("Create container for", name, err)
		}
		version, sent, err = s.put(ctx, name, body, meta, absent)
	}
	return version, createOutcomes.ofWrite("Create", name, err, sent)
}

// Write implements lease.Store.
func (s *Store) Write(ctx context.Context, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
	if err := cmp.Or(ctx.Err(), lease.CheckName(name), lease.CheckMeta(meta)); err != nil {
		return "", err
	}
	if id == "" || base == "" {
		// Without both conditions the put would be an overwrite.
		return "", writeOutcomes.of("Write", name, errNoCondition)
	}
	fenced := &blob.AccessConditions{
		LeaseAccessConditions:    &blob.LeaseAccessConditions{LeaseID: &id},
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: new(etagOf(base))},
	}
	version, sent, err := s.put(ctx, name, body, meta, fenced)
	return version, writeOutcomes.ofWrite("Write", name, err, sent)
}

// Delete implements lease.Store. A repeat after an answer that was lost finds no
// blob, or another one, which the condition protects.
func (s *Store) Delete(ctx context.Context, name string, base lease.Version) error {
	if err := cmp.Or(ctx.Err(), lease.CheckName(name)); err != nil {
		return err
	}
	if base == "" {
		// Without the condition it would delete whatever is there.
		return deleteOutcomes.of("Delete", name, errNoCondition)
	}
	tried, call := withRetries(ctx)
	_, err := s.container.NewBlobClient(name).Delete(tried, &blob.DeleteOptions{
		AccessConditions: &blob.AccessConditions{
			ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: new(etagOf(base))},
		},
	})
	err = deleteOutcomes.ofRepeated("Delete", name, err, call)
	if errors.Is(err, lease.ErrLost) && s.absent(ctx, name) {
		return nil
	}
	return err
}

// absent reports that there is no blob of that name. A condition on one is refused
// with 412 by Azurite (seen: 3.35); what the service says is unverified.
func (s *Store) absent(ctx context.Context, name string) bool {
	ctx, _ = withRetries(ctx)
	_, err := s.container.NewBlobClient(name).GetProperties(ctx, nil)
	return answer(err).status == http.StatusNotFound
}

// put uploads a blob under conditions: one request, never repeated. It reports
// whether that request may have reached the service.
func (s *Store) put(ctx context.Context, name string, body []byte, meta lease.Meta, conditions *blob.AccessConditions) (lease.Version, bool, error) {
	ctx, call := withOneTry(ctx)
	resp, err := s.container.NewBlockBlobClient(name).Upload(ctx, streaming.NopCloser(bytes.NewReader(body)), &blockblob.UploadOptions{
		Metadata:         metadata(meta),
		AccessConditions: conditions,
	})
	if err != nil {
		return "", call.reached(), err
	}
	version, err := versionOf(resp.ETag)
	return version, call.reached(), err
}
