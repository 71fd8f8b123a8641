package refresh

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// Link is what a status URL carries: the id of an operation, and the signature that
// gives one caller access to it. Sig is a capability: it never reaches a log.
type Link struct {
	ID  string
	Sig string
}

// access is a link taken apart and verified. Callers who share an operation have
// nonces of their own. Without a nonce it is the access of somebody who has a key for
// the app, and is no caller of the operation.
type access struct {
	ID
	Nonce string // 32 hex digits: 128 bits
}

// statusKey is one version of the key.
type statusKey struct {
	Version   uint16    `json:"version"`
	Key       []byte    `json:"key"` // 32 bytes, base64
	SignsFrom time.Time `json:"signsFrom,omitzero"`
}

// keyRing is the document of the keys. The first version of this program wrote Root
// only: then it is version 1 of the status key as well.
type keyRing struct {
	// Root is what the nonces of idempotency keys derive from. It never changes:
	// a repeated request gets the same nonce whatever key signs.
	Root     []byte      `json:"key"`
	Versions []statusKey `json:"versions,omitempty"` // oldest first
}

func (r keyRing) version(v uint16) (statusKey, bool) {
	for _, k := range r.Versions {
		if k.Version == v {
			return k, true
		}
	}
	return statusKey{}, false
}

// A signature is format, version of the status key, nonce and HMAC-SHA256, cut to 128
// bits, in unpadded base64url. A later version of this program verifies the format of
// the version before it, and signs with it for one release after a change.
const (
	sigFormat  = 1
	sigVersion = 1 + 2
	sigNonce   = sigVersion + 16
	sigLength  = sigNonce + 16
)

var sigEncoding = base64.RawURLEncoding.Strict()

// sign returns the link of an access.
func (k statusKey) sign(a access) (Link, error) {
	nonce, err := hex.DecodeString(a.Nonce)
	if err != nil || len(nonce) != 16 {
		return Link{}, errors.New("refresh: cannot sign: the nonce has the wrong form")
	}
	b := binary.BigEndian.AppendUint16([]byte{sigFormat}, k.Version)
	b = append(b, nonce...)
	id := a.String()
	return Link{ID: id, Sig: sigEncoding.EncodeToString(append(b, k.mac(id, b)...))}, nil
}

// mac binds what a signature begins with to the id.
func (k statusKey) mac(id string, head []byte) []byte {
	h := hmac.New(sha256.New, k.Key)
	h.Write([]byte("status URL\x00" + id + "\x00"))
	h.Write(head)
	return h.Sum(nil)[:sigLength-sigNonce]
}

// verify takes a link apart, in constant time where it matters, and returns ErrBadID
// for one that none of the keys has signed.
func (r keyRing) verify(l Link) (access, error) {
	b, err := sigEncoding.DecodeString(l.Sig)
	// The decoder skips line breaks, even a strict one.
	if err != nil || strings.ContainsAny(l.Sig, "\r\n") || len(b) != sigLength || b[0] != sigFormat {
		return access{}, ErrBadID
	}
	key, found := r.version(binary.BigEndian.Uint16(b[1:sigVersion]))
	if !found || !hmac.Equal(b[sigNonce:], key.mac(l.ID, b[:sigNonce])) {
		return access{}, ErrBadID
	}
	id, err := ParseID(l.ID)
	return access{ID: id, Nonce: hex.EncodeToString(b[sigVersion:sigNonce])}, err
}
