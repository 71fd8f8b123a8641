package sim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// tokenClaims is the payload of a token. It is signed with RS256, and the key is where the discovery
// document says: clients must treat tokens as opaque, but some verify them.
type tokenClaims struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	IssuedAt int64  `json:"iat"`
	Before   int64  `json:"nbf"`
	Expires  int64  `json:"exp"`
	AppID    string `json:"appid"`
	ObjectID string `json:"oid"`
	TenantID string `json:"tid"`
	Version  string `json:"ver"`
	// Revision of the application's tokens; older ones were revoked.
	Revision int `json:"sim_rev"`
}

func signToken(k *rsa.PrivateKey, claims tokenClaims) string {
	payload, err := json.Marshal(claims)
	if err != nil { // strings and numbers always marshal
		payload = []byte("{}")
	}
	id := keyID(&k.PublicKey)
	header := `{"typ":"JWT","alg":"RS256","x5t":"` + id + `","kid":"` + id + `"}`
	head := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(head))
	signature, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	if err != nil { // only with a key that is too small
		panic(err)
	}
	return head + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// parseToken checks the signature only. The claims are returned even if it is wrong, for the journal.
func parseToken(k *rsa.PublicKey, token string) (tokenClaims, error) {
	var claims tokenClaims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, errors.New("not three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return claims, errors.New("the payload is not base64url")
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return claims, errors.New("the payload is not JSON")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) != nil {
		return claims, errors.New("wrong signature")
	}
	return claims, nil
}
