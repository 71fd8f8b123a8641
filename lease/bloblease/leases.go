package bloblease

import (
	"cmp"
	"context"
	"time"

	azlease "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"pbirefresh/lease"
)

// Acquire implements lease.Store.
func (s *Store) Acquire(ctx context.Context, name, id string, ttl time.Duration) (lease.Grant, error) {
	if err := cmp.Or(ctx.Err(), lease.CheckName(name), lease.CheckAcquire(id, ttl)); err != nil {
		return lease.Grant{}, err
	}
	ctx, call := withLingering(ctx)
	grant, err := s.acquire(ctx, name, id, ttl)
	grant.Answered = call.close()
	return grant, acquireOutcomes.ofAcquire("Acquire", name, err, call)
}

func (s *Store) acquire(ctx context.Context, name, id string, ttl time.Duration) (lease.Grant, error) {
	client, err := s.leaseClient(name, id)
	if err != nil {
		return lease.Grant{}, err
	}
	resp, err := client.AcquireLease(ctx, int32(ttl/time.Second), nil) //nolint:gosec // at most lease.MaxTTL
	if err != nil {
		return lease.Grant{}, err
	}
	version, err := versionOf(resp.ETag)
	if err != nil {
		return lease.Grant{}, err
	}
	date, err := dateOf(resp.Date)
	return lease.Grant{Version: version, Date: date}, err
}

// Release implements lease.Store. An answer that there is no such lease is
// success, also because it is what a retry gets after an answer that was lost.
func (s *Store) Release(ctx context.Context, name, id string) error {
	if err := cmp.Or(ctx.Err(), lease.CheckName(name)); err != nil {
		return err
	}
	ctx, call := withRetries(ctx)
	return releaseOutcomes.ofRepeated("Release", name, s.release(ctx, name, id), call)
}

func (s *Store) release(ctx context.Context, name, id string) error {
	client, err := s.leaseClient(name, id)
	if err != nil {
		return err
	}
	_, err = client.ReleaseLease(ctx, nil)
	return err
}

func (s *Store) leaseClient(name, id string) (*azlease.BlobClient, error) {
	return azlease.NewBlobClient(s.container.NewBlobClient(name), &azlease.BlobClientOptions{LeaseID: &id})
}
