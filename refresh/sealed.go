package refresh

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"pbirefresh/refresh/machine"
)

// Before ids and signatures were apart, one sealed text was both: version, workspace,
// dataset, epoch, number, nonce and HMAC in base64url. Callbacks that were registered
// then still hold one.
const (
	sealedVersion = 1
	sealedBody    = 1 + 16 + 16 + 8 + 8 + 16
	sealedMAC     = 16
)

// OpenSealed returns the id and the nonce of such a text, or ErrBadID.
func (c *Coordinator) OpenSealed(ctx context.Context, sealed string) (ID, string, error) {
	keys, err := c.cfg.Keys.ring(ctx)
	if err != nil {
		return ID{}, "", unavailable(err)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(b) != sealedBody+sealedMAC || b[0] != sealedVersion {
		return ID{}, "", ErrBadID
	}
	h := hmac.New(sha256.New, keys.Root)
	h.Write(b[:sealedBody])
	if !hmac.Equal(b[sealedBody:], h.Sum(nil)[:sealedMAC]) {
		return ID{}, "", ErrBadID
	}
	id := ID{
		Model:  machine.Model{WorkspaceID: guidText(b[1:17]), DatasetID: guidText(b[17:33])},
		Epoch:  hex.EncodeToString(b[33:41]),
		Number: int64(binary.BigEndian.Uint64(b[41:49])), //nolint:gosec // sealed by us
	}
	return id, hex.EncodeToString(b[49:65]), nil
}

func guidText(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
