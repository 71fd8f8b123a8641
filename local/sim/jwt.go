package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// tokenClaims is the payload of a token. The signature is an HMAC with a key of this simulator: clients must treat
// tokens as opaque, and nobody else has to verify them.
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

const tokenHeader = `{"typ":"JWT","alg":"HS256"}`

func signToken(secret []byte, claims tokenClaims) string {
	payload, err := json.Marshal(claims)
	if err != nil { // strings and numbers always marshal
		payload = []byte("{}")
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(tokenHeader)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return head + "." + base64.RawURLEncoding.EncodeToString(tokenMAC(secret, head))
}

func tokenMAC(secret []byte, head string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(head))
	return mac.Sum(nil)
}

// parseToken checks the signature only. The claims are returned even if it is wrong, for the journal.
func parseToken(secret []byte, token string) (tokenClaims, error) {
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
	sum, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(sum, tokenMAC(secret, parts[0]+"."+parts[1])) {
		return claims, errors.New("wrong signature")
	}
	return claims, nil
}
