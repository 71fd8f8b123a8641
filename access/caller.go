package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Caller is who sends a request, as far as it is known.
type Caller struct {
	Principal        // by Easy Auth; zero: none
	Key       string // the name that the policy gives the function key; "": it has none

	digest string // of the function key; never shown
}

// String names the caller for people and records. It holds nothing secret.
func (c Caller) String() string {
	switch {
	case c.ObjectID != "":
		return "object:" + c.ObjectID
	case c.AppID != "":
		return "app:" + c.AppID
	case c.Key != "":
		return "key:" + c.Key
	case c.digest != "":
		return "key"
	default:
		return "unknown"
	}
}

// Owner identifies the caller for what belongs to it, such as idempotency keys and rates:
// the authenticated identity, or else the function key. A name that a policy gives a key
// does not change it, and an authenticated caller keeps it with another key. Do not show
// it: of a key it is the digest.
func (c Caller) Owner() string {
	if c.ObjectID != "" || c.AppID != "" {
		return c.String()
	}
	return c.digest
}

// Gate identifies callers and decides what they may do. The zero Gate identifies callers
// by their keys only, and allows everything.
type Gate struct {
	EasyAuth bool    // the platform sets and guards the principal's header
	Policy   *Policy // nil: everything is allowed
}

// PrincipalHeader is where Easy Auth puts the claims.
const PrincipalHeader = "X-Ms-Client-Principal"

// Identify returns who sent a request. It returns an error if the platform's header is
// malformed, or [ErrKeys].
func (g Gate) Identify(h http.Header, query url.Values) (Caller, error) {
	digest, err := keyDigest(h, query)
	if err != nil {
		return Caller{}, err
	}
	c := Caller{digest: digest}
	if g.Policy != nil && c.digest != "" {
		c.Key = g.Policy.keys[c.digest]
	}
	values := h.Values(PrincipalHeader)
	if !g.EasyAuth || len(values) == 0 {
		return c, nil
	}
	if len(values) > 1 {
		return Caller{}, errPrincipal
	}
	c.Principal, err = parsePrincipal(values[0])
	return c, err
}

// ErrKeys says that a request has several function keys in one place. The host checks
// the first and forwards all of them, joined by commas (seen on host 4.1037): who adds
// another to a good one would be a new caller each time.
var ErrKeys = errors.New("access: several function keys in one place")

// keyDigest is the hash of the function key, found where the host looks for it: a
// header wins over the query, also an empty one (seen on host 4.1037).
func keyDigest(h http.Header, query url.Values) (string, error) {
	keys, header := h["X-Functions-Key"]
	if !header {
		for name, values := range query { // the host ignores case
			if strings.EqualFold(name, "code") {
				keys = append(keys, values...)
			}
		}
	}
	switch {
	case len(keys) > 1 || len(keys) == 1 && strings.Contains(keys[0], ","): // no key has a comma
		return "", ErrKeys
	case len(keys) == 0 || keys[0] == "":
		return "", nil
	}
	sum := sha256.Sum256([]byte(keys[0]))
	return hex.EncodeToString(sum[:]), nil
}

// Action is what a caller wants to do.
type Action string

// The actions.
const (
	Trigger   Action = "trigger"
	Read      Action = "read"       // operations of the model; who may trigger may read
	Cancel    Action = "cancel"     // the caller's own share
	CancelAll Action = "cancel-all" // for everybody who shares the operation
)

// Actions lists them.
func Actions() []Action { return []Action{Trigger, Read, Cancel, CancelAll} }

// Permits reports whether the caller may do that to a model. Ids are in lower case.
func (g Gate) Permits(c Caller, a Action, workspace, dataset string) bool {
	return g.Policy == nil || g.Policy.permits(c, a, workspace, dataset)
}
