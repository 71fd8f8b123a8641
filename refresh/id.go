package refresh

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ID is what a status URL carries: a capability to read one operation. It names
// the model, the document's epoch, the operation and the caller, and is sealed
// with an HMAC, so that a forged one is refused before any I/O.
type ID struct {
	Model  Model
	Epoch  string // 16 hex digits
	Number int64
	Nonce  string // 32 hex digits: 128 random bits for each caller
}

// ErrBadID says that the id is malformed, was made with another key, or was altered. All
// three look alike from outside.
var ErrBadID = errors.New("refresh: no such operation id")

const (
	idVersion = 1
	idBody    = 1 + 16 + 16 + 8 + 8 + 16
	idMAC     = 16 // HMAC-SHA256, cut to 128 bits
)

var idEncoding = base64.RawURLEncoding.Strict()

// Seal returns the id as it appears in a URL: letters, digits, "-" and "_".
func (id ID) Seal(key []byte) (string, error) {
	b := make([]byte, 1, idBody+idMAC)
	b[0] = idVersion
	for i, part := range []string{id.Model.WorkspaceID, id.Model.DatasetID, id.Epoch} {
		raw, err := hex.DecodeString(strings.ReplaceAll(part, "-", ""))
		if err != nil || len(raw) != []int{16, 16, 8}[i] {
			return "", fmt.Errorf("refresh: cannot seal id: %.40q has the wrong form", part)
		}
		b = append(b, raw...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(id.Number)) //nolint:gosec // numbers count from 1
	nonce, err := hex.DecodeString(id.Nonce)
	if err != nil || len(b)+len(nonce) != idBody {
		return "", errors.New("refresh: cannot seal id: a part has the wrong length")
	}
	b = append(b, nonce...)
	return idEncoding.EncodeToString(append(b, mac(key, b)...)), nil
}

// OpenID verifies a sealed id in constant time and takes it apart.
func OpenID(sealed string, key []byte) (ID, error) {
	b, err := idEncoding.DecodeString(sealed)
	// The decoder skips line breaks, even a strict one.
	if err != nil || strings.ContainsAny(sealed, "\r\n") || len(b) != idBody+idMAC || b[0] != idVersion {
		return ID{}, ErrBadID
	}
	if !hmac.Equal(b[idBody:], mac(key, b[:idBody])) {
		return ID{}, ErrBadID
	}
	return ID{
		Model:  Model{WorkspaceID: guid(b[1:17]), DatasetID: guid(b[17:33])},
		Epoch:  hex.EncodeToString(b[33:41]),
		Number: int64(binary.BigEndian.Uint64(b[41:49])), //nolint:gosec // sealed by us
		Nonce:  hex.EncodeToString(b[49:65]),
	}, nil
}

func mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)[:idMAC]
}

func guid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// random returns n random bytes in hex.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}
