package bloblease

import (
	"maps"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"pbirefresh/lease"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	for etag, want := range map[string]lease.Version{
		`"0x8DC"`: "0x8DC", "0x8DC": "0x8DC", `""`: "", "": "", `"`: "",
	} {
		got, err := versionOf(new(azcore.ETag(etag)))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", etag, got, err, want)
		}
	}
	if _, err := versionOf(nil); err == nil {
		t.Error("no ETag is a version")
	}
}

func TestMetadataKeys(t *testing.T) {
	t.Parallel()
	got := metaOf(map[string]*string{"Due": new("x"), "A_1": new("y"), "none": nil})
	if want := (lease.Meta{"due": "x", "a_1": "y"}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := metaOf(nil); got != nil {
		t.Errorf("no metadata is %v, want nil", got)
	}
	if got := metadata(lease.Meta{"a": "1", "b": "2"}); *got["a"] != "1" || *got["b"] != "2" {
		t.Errorf("metadata: %v", got)
	}
}

// FuzzVersion: a version goes back to the service as the ETag that it came from.
func FuzzVersion(f *testing.F) {
	f.Add("0x8DC")
	f.Add(`"0x8DC"`)
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, etag string) {
		version, err := versionOf(new(azcore.ETag(etag)))
		if err != nil {
			return
		}
		again, err := versionOf(new(etagOf(version)))
		if err != nil || again != version {
			t.Fatalf("%q became %q and then %q, %v", etag, version, again, err)
		}
	})
}
