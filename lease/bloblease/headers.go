package bloblease

import (
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azlease "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"pbirefresh/lease"
)

// An answer without these is no answer of the Blob service: something between
// rewrote it.
var (
	errNoETag    = errors.New("the answer has no ETag: is there a proxy in between?")
	errNoDate    = errors.New("the answer has no Date: is there a proxy in between?")
	errNoListing = errors.New("the answer is no listing: is there a proxy in between?")
)

// versionOf takes the quotes off an ETag: headers have them, listings have not
// (seen: Azurite 3.35).
func versionOf(etag *azcore.ETag) (lease.Version, error) {
	if etag == nil {
		return "", errNoETag
	}
	bare := strings.Trim(string(*etag), `"`)
	if bare == "" {
		return "", errNoETag
	}
	return lease.Version(bare), nil
}

// etagOf is the version as If-Match wants it.
func etagOf(version lease.Version) azcore.ETag { return azcore.ETag(`"` + version + `"`) }

// dateOf is the service's clock, which sections count from; the local clock is
// no substitute for it.
func dateOf(date *time.Time) (time.Time, error) {
	if date == nil || date.IsZero() {
		return time.Time{}, errNoDate
	}
	return date.UTC(), nil
}

// neverEnds reports a lease that was taken for ever.
func neverEnds(d *azlease.DurationType) bool { return d != nil && *d == azlease.DurationTypeInfinite }

// metaOf lowers the keys, which net/http has made canonical: "due" came as "Due".
func metaOf(metadata map[string]*string) lease.Meta {
	if len(metadata) == 0 {
		return nil
	}
	meta := make(lease.Meta, len(metadata))
	for key, value := range metadata {
		if value != nil {
			meta[strings.ToLower(key)] = *value
		}
	}
	return meta
}

// metadata is meta as the SDK takes it.
func metadata(meta lease.Meta) map[string]*string {
	if len(meta) == 0 {
		return nil
	}
	all := make(map[string]*string, len(meta))
	for key, value := range maps.All(meta) {
		all[key] = &value
	}
	return all
}
