package keyvault

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// A certificate of the vault is also a secret of the same name, whose value has the
// private key: PEM, or a PKCS#12 file in base64 without a password, as the
// certificate's policy says (documented: "About Azure Key Vault certificates",
// composition; content types application/x-pem-file and application/x-pkcs12).
//
// PKCS#12 is read by go-pkcs12: azidentity's own reader does not support SHA-256
// (documented), which newer files use.

// keyPair signs assertions. The certificates are the leaf and its chain.
type keyPair struct {
	certificates []*x509.Certificate
	key          crypto.PrivateKey
}

// Reasons why a certificate cannot be used. They repeat nothing of it.
var (
	errNoCertificate = errors.New("it is neither PEM nor PKCS#12 in base64 without a password")
	errNoKey         = errors.New("it has no private key: the certificate's policy must make the key exportable")
	errManyKeys      = errors.New("it has more than one private key")
	errNotRSA        = errors.New("its key is not RSA, which Entra ID requires")
	errOtherKey      = errors.New("its private key belongs to none of its certificates")
)

// parseCertificate reads the value of a certificate's secret.
func parseCertificate(value string) (keyPair, error) {
	p, err := parsePEM([]byte(value))
	if errors.Is(err, errNoCertificate) {
		p, err = parsePFX(value)
	}
	if err != nil {
		return keyPair{}, err
	}
	return p.leafFirst()
}

func parsePEM(text []byte) (keyPair, error) {
	var p keyPair
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return keyPair{}, errNoCertificate
			}
			p.certificates = append(p.certificates, c)
		case "PRIVATE KEY", "RSA PRIVATE KEY":
			if p.key != nil {
				return keyPair{}, errManyKeys
			}
			if p.key = parseKey(block.Bytes); p.key == nil {
				return keyPair{}, errNoKey
			}
		}
	}
	switch {
	case len(p.certificates) == 0:
		return keyPair{}, errNoCertificate
	case p.key == nil:
		return keyPair{}, errNoKey
	}
	return p, nil
}

func parseKey(der []byte) crypto.PrivateKey {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	return nil
}

func parsePFX(value string) (keyPair, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	if err != nil {
		return keyPair{}, errNoCertificate
	}
	key, leaf, chain, err := pkcs12.DecodeChain(bytes.Clone(der), "")
	if err != nil {
		return keyPair{}, errNoCertificate // its text is about the file's content
	}
	return keyPair{append([]*x509.Certificate{leaf}, chain...), key}, nil
}

// leafFirst puts the certificate of the key first: the assertion has its thumbprint.
func (p keyPair) leafFirst() (keyPair, error) {
	key, ok := p.key.(*rsa.PrivateKey)
	if !ok {
		return keyPair{}, errNotRSA
	}
	for i, c := range p.certificates {
		if public, ok := c.PublicKey.(*rsa.PublicKey); ok && key.PublicKey.Equal(public) {
			p.certificates[0], p.certificates[i] = p.certificates[i], p.certificates[0]
			return p, nil
		}
	}
	return keyPair{}, errOtherKey
}
