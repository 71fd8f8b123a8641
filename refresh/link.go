package refresh

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
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

// Open verifies a link and returns the operation that it is about, or ErrBadID. It
// reads nothing but the status keys, at most once a minute.
func (c *Coordinator) Open(ctx context.Context, l Link) (ID, error) {
	a, err := c.open(ctx, l)
	return a.ID, err
}

func (c *Coordinator) open(ctx context.Context, l Link) (access, error) {
	keys, err := c.cfg.Keys.ring(ctx)
	if err != nil {
		return access{}, unavailable(err)
	}
	return keys.verify(l)
}
