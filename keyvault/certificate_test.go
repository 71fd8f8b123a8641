package keyvault

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// issued is a CA, and a leaf that it signed. Making RSA keys takes a while.
type issued struct {
	ca, leaf       *x509.Certificate
	caKey, leafKey *rsa.PrivateKey
}

var chain = sync.OnceValue(func() issued {
	var c issued
	c.caKey, c.leafKey = rsaKey(), rsaKey()
	c.ca = signed("ca", 10*365*24*time.Hour, nil, &c.caKey.PublicKey, c.caKey)
	c.leaf = signed("leaf", 365*24*time.Hour, c.ca, &c.leafKey.PublicKey, c.caKey)
	return c
})

func rsaKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// notBefore is when a bubble's clock begins.
var notBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func signed(name string, life time.Duration, parent *x509.Certificate, public, signer any) *x509.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: notBefore, NotAfter: notBefore.Add(life)}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		panic(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return c
}

func pemKey(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func pemCertificate(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func pfx(t *testing.T, encoder *pkcs12.Encoder, password string) string {
	t.Helper()
	c := chain()
	der, err := encoder.Encode(c.leafKey, c.leaf, []*x509.Certificate{c.ca}, password)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// TestCertificateForms: what Key Vault hands out, and what people store by hand.
func TestCertificateForms(t *testing.T) {
	t.Parallel()
	c := chain()
	key, leaf, ca := pemKey(t, c.leafKey), pemCertificate(c.leaf), pemCertificate(c.ca)
	old := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(c.leafKey)}))
	for name, value := range map[string]string{
		"PEM, key first": key + leaf, "PEM, key last": leaf + key, "PEM with its chain": key + leaf + ca,
		"PEM, the CA first": ca + leaf + key, "PEM, PKCS#1 key": old + leaf,
		"PFX, SHA-1 and 3DES": pfx(t, pkcs12.LegacyDES, ""), "PFX, RC2": pfx(t, pkcs12.LegacyRC2, ""), "PFX, SHA-256 and AES": pfx(t, pkcs12.Modern2023, ""),
		"PFX, broken into lines": lines(pfx(t, pkcs12.Modern2023, "")),
	} {
		p, err := parseCertificate(value)
		if err != nil || !p.certificates[0].Equal(c.leaf) || !c.leafKey.Equal(p.key) {
			t.Errorf("parseCertificate of %s = %v, want the leaf and its key", name, err)
		}
	}
}

func lines(s string) string {
	var b bytes.Buffer
	for len(s) > 64 {
		b.WriteString(s[:64] + "\r\n")
		s = s[64:]
	}
	return b.String() + s
}

func TestCertificatesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	c := chain()
	key, leaf := pemKey(t, c.leafKey), pemCertificate(c.leaf)
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec := signed("ec", time.Hour, nil, &elliptical.PublicKey, elliptical)
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))
	for name, tt := range map[string]struct {
		value string
		want  error
	}{
		"a client secret":          {"abc~8Q.not-a-certificate", errNoCertificate},
		"nothing":                  {"", errNoCertificate},
		"base64 of something else": {"aGVsbG8=", errNoCertificate},
		"no key":                   {leaf, errNoKey},
		"no certificate":           {key, errNoCertificate},
		"two keys":                 {key + key + leaf, errManyKeys},
		"a broken key":             {broken + leaf, errNoKey},
		"a broken certificate":     {key + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), errNoCertificate},
		"another key":              {pemKey(t, c.caKey) + leaf, errOtherKey},
		"an elliptic curve":        {pemKey(t, elliptical) + pemCertificate(ec), errNotRSA},
		"PFX with a password":      {pfx(t, pkcs12.Modern2023, "password"), errNoCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseCertificate(tt.value); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if tt.value == "" {
				return
			}
			w := newWorld()
			w.value = tt.value
			_, err := get(t, newCredential(t, certificateOptions(w)))
			checkError(t, err, CodeCertificateUnusable, "exportable")
			if strings.Contains(err.Error(), "MII") {
				t.Errorf("a certificate that is %s: %v, want an error without the value", name, err)
			}
		})
	}
}

func certificateOptions(w *world) Options {
	o := options(w)
	o.Method = ClientCertificate
	return o
}

// TestSignInWithACertificate: the assertion is signed by the leaf's key and names it.
func TestSignInWithACertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.value = pfx(t, pkcs12.Modern2023, "")
		w.expires = notBefore.Add(20 * 365 * 24 * time.Hour) // later than the certificate's own end
		c := newCredential(t, certificateOptions(w))
		wantToken(t, c, "token-1")
		if at, known := c.Expires(); !known || !at.Equal(chain().leaf.NotAfter) {
			t.Errorf("expires %v, want the certificate's own date", at)
		}
		head, _, _ := strings.Cut(w.assertions[0], ".")
		raw, err := base64.RawURLEncoding.DecodeString(head)
		if err != nil {
			t.Fatal(err)
		}
		var header map[string]any
		if err := json.Unmarshal(raw, &header); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(chain().leaf.Raw)
		if header["x5t#S256"] != base64.StdEncoding.EncodeToString(sum[:]) { // as MSAL for Go has it
			t.Errorf("the header of the assertion is %v, want the leaf's thumbprint in x5t#S256", header)
		}
	})
}

// TestCertificateRotation: after each of these codes the vault is read again.
func TestCertificateRotation(t *testing.T) {
	t.Parallel()
	for _, code := range []int{700027, 700024, 7000214, 1000502, 7000274, 7000277} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.value = pemKey(t, chain().leafKey) + pemCertificate(chain().leaf)
			w.rejection = aad(code, "invalid_client", "Client assertion failed.")
			var log bytes.Buffer
			o := certificateOptions(w)
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c := newCredential(t, o)
			wantToken(t, c, "token-1")
			w.set(func(w *world) {
				w.value, w.version = pemKey(t, chain().caKey)+pemCertificate(chain().ca), "v2"
				w.trusted = "none of the first certificate's"
			})
			time.Sleep(interval)
			if _, err := getClaims(t, c, "{}"); !hasCode(err, CodeCertificateRejected) {
				t.Errorf("AADSTS%d: GetToken = %v, want %s", code, err, CodeCertificateRejected)
			}
			if r, _ := w.counts(); r != 2 {
				t.Errorf("%d: %d reads of the vault, want another one", code, r)
			}
			if got := log.String(); !strings.Contains(got, "Key Vault has a new certificate") {
				t.Errorf("%d: the log has %q, want a new certificate", code, got)
			}
			w.set(func(w *world) { w.trusted = "" })
			time.Sleep(interval)
			if _, err := getClaims(t, c, "{}"); err != nil {
				t.Errorf("AADSTS%d: GetToken with the registered certificate = %v, want a token", code, err)
			}
		})
	}
}

// FuzzParseCertificate: it never panics, and a result without an error can sign.
func FuzzParseCertificate(f *testing.F) {
	f.Add("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----")
	f.Add("MIIC")
	f.Fuzz(func(t *testing.T, value string) {
		p, err := parseCertificate(value)
		if err == nil && (p.key == nil || len(p.certificates) == 0) {
			t.Errorf("parseCertificate(%q) = %v, want a key and a certificate", value, p.certificates)
		}
		if err != nil && len(value) > 40 && strings.Contains(err.Error(), value) {
			t.Errorf("parseCertificate(%q) = %v, want an error without the value", value, err)
		}
	})
}
