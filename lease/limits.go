package lease

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"pbirefresh/internal/guid"
)

// Limits of the storage service (Azure Blob: documented, Lease Blob and List
// Blobs).
const (
	MinTTL  = 15 * time.Second
	MaxTTL  = 60 * time.Second
	MaxPage = 5000 // entries in one page of a List; a larger limit means this one
)

const maxName = 1024 // characters; Azure Blob: documented, Naming and Referencing Containers

// The checks below are shared by all implementations, so that Memory refuses what the
// service would refuse, and so that a mistake is reported in our words and not as a 400 or
// as a signature that does not match.

var (
	// A header name that is also an XML element name and a C# identifier.
	metaKey = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	// What a header and an XML document both carry unchanged.
	metaValue = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?$`)
)

// CheckName reports whether name can be the name of a document: at most 1024
// characters of UTF-8, in segments separated by single slashes. Segments that a
// URL would resolve ("." and "..") or that the service would alter (a final dot,
// a backslash, a control character) are refused.
func CheckName(name string) error {
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
		return fmt.Errorf("lease: document name %.40q: want 1 to %d characters of UTF-8", name, maxName)
	}
	if strings.ContainsFunc(name, alters) {
		return fmt.Errorf("lease: document name %.40q: no backslashes and no control characters", name)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || strings.HasSuffix(segment, ".") {
			return fmt.Errorf("lease: document name %.40q: a segment is empty or ends with a dot", name)
		}
	}
	return nil
}

// alters reports a character that does not survive a URL and an XML listing.
func alters(r rune) bool {
	return r == '\\' || r < 0x20 || (r >= 0x7f && r < 0xa0) || r == 0xfffe || r == 0xffff
}

// CheckMeta reports whether meta can be stored: keys of lower-case letters, digits
// and underscores, not beginning with a digit, and values of printable ASCII,
// neither empty nor with a space at an end.
func CheckMeta(meta Meta) error {
	for key, value := range meta {
		if !metaKey.MatchString(key) {
			return fmt.Errorf("lease: metadata key %.40q: want lower-case letters, digits and underscores", key)
		}
		if !metaValue.MatchString(value) {
			return fmt.Errorf("lease: metadata %s=%.40q: want printable ASCII, not empty, no space at an end", key, value)
		}
	}
	return nil
}

// CheckAcquire validates the arguments of an acquire: the id is a lower-case GUID (see
// [NewID]), the ttl is from MinTTL to MaxTTL in whole seconds.
func CheckAcquire(id string, ttl time.Duration) error {
	if !guid.Valid(id) || id != strings.ToLower(id) {
		// The id is a bearer secret: it does not belong in an error.
		return fmt.Errorf("lease: id of %d characters: want a lower-case GUID", len(id))
	}
	if ttl < MinTTL || ttl > MaxTTL || ttl%time.Second != 0 {
		return fmt.Errorf("lease: ttl %v: want whole seconds from %v to %v", ttl, MinTTL, MaxTTL)
	}
	return nil
}

// CheckLimit returns how many entries a List with that limit may return.
func CheckLimit(limit int) (int, error) {
	if limit < 1 {
		return 0, fmt.Errorf("lease: list limit %d: want at least 1", limit)
	}
	return min(limit, MaxPage), nil
}
