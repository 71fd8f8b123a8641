package sim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/http"
	"sync"
)

// signingKey is the key of every simulator in this process: generating one takes a tenth of a second. A token of another
// simulator names an application that this one does not have, or an older revision of it.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil { // only for sizes that are too small
		panic(err)
	}
	return k
})

// keyID is stable for a key.
func keyID(k *rsa.PublicKey) string {
	sum := sha256.Sum256(k.N.Bytes())
	return hex.EncodeToString(sum[:10])
}

// keys answers GET /{tenant}/discovery/v2.0/keys: the public keys that sign tokens (RFC 7517).
func (s *Entra) keys() Answer {
	k := &s.key.PublicKey
	type jwk struct {
		Type     string `json:"kty"`
		Use      string `json:"use"`
		ID       string `json:"kid"`
		Thumb    string `json:"x5t"`
		Modulus  string `json:"n"`
		Exponent string `json:"e"`
	}
	return jsonAnswer(http.StatusOK, map[string][]jwk{"keys": {{
		"RSA", "sig", keyID(k), keyID(k), base64.RawURLEncoding.EncodeToString(k.N.Bytes()),
		base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes()),
	}}})
}
