package refresh

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"regexp"
	"strings"
	"testing"
)

var testRing = keyRing{Root: bytes.Repeat([]byte{7}, 32), Versions: []statusKey{{Version: 1, Key: bytes.Repeat([]byte{7}, 32)}}}

func testAccess() access {
	return access{ID: ID{Model: testModel, Epoch: "0123456789abcdef", Number: 42}, Nonce: "00112233445566778899aabbccddeeff"}
}

func mustSign(t testing.TB, a access, r keyRing) Link {
	t.Helper()
	l, err := r.Versions[0].sign(a)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLinkRoundTrip(t *testing.T) {
	t.Parallel()
	// Power Automate and Azure SQL lose a header with ~ in it; a URL takes the rest as it is.
	plain := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	seen := map[Link]bool{}
	for name, change := range map[string]func(*access){
		"as it is":      func(*access) {},
		"first number":  func(a *access) { a.Number = 1 },
		"large number":  func(a *access) { a.Number = math.MaxInt64 / 10 },
		"another epoch": func(a *access) { a.Epoch = "ffffffffffffffff" },
		"another nonce": func(a *access) { a.Nonce = strings.Repeat("f", 32) },
		"another model": func(a *access) { a.Model.DatasetID = "ffffffff-ffff-ffff-ffff-ffffffffffff" },
	} {
		a := testAccess()
		change(&a)
		l := mustSign(t, a, testRing)
		if !plain.MatchString(l.ID) || !plain.MatchString(l.Sig) || len(l.Sig) != 47 {
			t.Errorf("%s: %+v does not go into a URL as it is", name, l)
		}
		if got, err := testRing.verify(l); err != nil || got != a {
			t.Errorf("%s: verify(sign(%+v)) = %+v, %v", name, a, got, err)
		}
		if seen[l] {
			t.Errorf("%s: another access has the same link %+v", name, l)
		}
		seen[l] = true
	}
}

// The id is the same for all callers of an operation, and says which it is.
func TestIDIsNoSecret(t *testing.T) {
	t.Parallel()
	one, other := testAccess(), testAccess()
	other.Nonce = strings.Repeat("1", 32)
	a, b := mustSign(t, one, testRing), mustSign(t, other, testRing)
	if want := testModel.WorkspaceID + "_" + testModel.DatasetID + "_0123456789abcdef_42"; a.ID != want || b.ID != want || a.Sig == b.Sig {
		t.Errorf("links of two callers are %+v and %+v, want the id %s in both and two signatures", a, b, want)
	}
	if strings.Contains(a.ID, one.Nonce) {
		t.Errorf("the id %s has the nonce in it", a.ID)
	}
}

// A link that is altered in one place, in any way, gives no access.
func TestEveryAlteredLinkIsRefused(t *testing.T) {
	t.Parallel()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~=+/% .,\x00\xff"
	good := mustSign(t, testAccess(), testRing)
	for i := range len(good.Sig) {
		for _, c := range letters {
			l := Link{good.ID, good.Sig[:i] + string(c) + good.Sig[i+1:]}
			if _, err := testRing.verify(l); l != good && !errors.Is(err, ErrBadID) {
				t.Fatalf("signature with %q at %d: %v, want ErrBadID", c, i, err)
			}
		}
	}
	for i := range len(good.ID) {
		for _, c := range letters {
			l := Link{good.ID[:i] + string(c) + good.ID[i+1:], good.Sig}
			if _, err := testRing.verify(l); l != good && !errors.Is(err, ErrBadID) {
				t.Fatalf("id with %q at %d: %v, want ErrBadID", c, i, err)
			}
		}
	}
}

func TestLinksOfAnyOtherLength(t *testing.T) {
	t.Parallel()
	good := mustSign(t, testAccess(), testRing)
	for n := range len(good.Sig) {
		for _, sig := range []string{good.Sig[:n], good.Sig[len(good.Sig)-n:]} {
			if _, err := testRing.verify(Link{good.ID, sig}); !errors.Is(err, ErrBadID) {
				t.Errorf("verify with signature %q = %v, want ErrBadID", sig, err)
			}
		}
	}
	for _, more := range []string{"A", "AAAA", "=", "====", "\n", "\r\n", "," + good.Sig, good.Sig, strings.Repeat("A", 1<<20)} {
		for _, l := range []Link{{good.ID, good.Sig + more}, {good.ID + more, good.Sig}, {good.ID, more + good.Sig}} {
			if _, err := testRing.verify(l); !errors.Is(err, ErrBadID) {
				t.Errorf("verify with %.10q added = %v, want ErrBadID", more, err)
			}
		}
	}
}

// An id has one spelling.
func TestParseID(t *testing.T) {
	t.Parallel()
	good := testAccess().ID
	if got, err := ParseID(good.String()); err != nil || got != good {
		t.Errorf("ParseID(%s) = %+v, %v, want %+v", good, got, err, good)
	}
	for _, text := range []string{
		"", "x", strings.ToUpper(good.String()), good.String() + "0000000000000000000", strings.TrimSuffix(good.String(), "42"),
		strings.TrimSuffix(good.String(), "42") + "042", strings.TrimSuffix(good.String(), "42") + "0", strings.TrimSuffix(good.String(), "42") + "-1",
		strings.Replace(good.String(), "_", "-", 1), " " + good.String(), good.String() + "\n",
	} {
		if got, err := ParseID(text); !errors.Is(err, ErrBadID) || got != (ID{}) {
			t.Errorf("ParseID(%q) = %+v, %v, want ErrBadID", text, got, err)
		}
	}
}

func TestLinksOfAnotherKey(t *testing.T) {
	t.Parallel()
	l := mustSign(t, testAccess(), testRing)
	other := bytes.Clone(testRing.Root)
	other[31] ^= 1
	for name, keys := range map[string][]statusKey{
		"another key":          {{Version: 1, Key: other}},
		"a shorter key":        {{Version: 1, Key: testRing.Root[:31]}},
		"the key by a version": {{Version: 2, Key: testRing.Root}},
		"no key":               nil,
	} {
		if _, err := (keyRing{Versions: keys}).verify(l); !errors.Is(err, ErrBadID) {
			t.Errorf("verify with %s = %v, want ErrBadID", name, err)
		}
	}
}

func TestSignRefusesWhatCouldNotBeVerified(t *testing.T) {
	t.Parallel()
	for _, nonce := range []string{"", "00", strings.Repeat("0", 31), strings.Repeat("0", 34), strings.Repeat("x", 32)} {
		a := testAccess()
		a.Nonce = nonce
		if l, err := testRing.Versions[0].sign(a); err == nil {
			t.Errorf("sign with the nonce %q = %+v, want an error", nonce, l)
		}
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		r := random(16)
		if len(r) != 32 || seen[r] || strings.Trim(r, "0123456789abcdef") != "" {
			t.Fatalf("random(16) = %q, %d before", r, len(seen))
		}
		seen[r] = true
	}
}

// How long a comparison takes says nothing about where it failed: the HMAC is compared
// by hmac.Equal, and nothing else in the file compares bytes.
func TestSignaturesAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "link.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	equal := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			switch fmt.Sprintf("%s.%s", s.X, s.Sel) {
			case "hmac.Equal":
				equal++
			case "bytes.Equal", "bytes.Compare", "slices.Equal", "bytes.HasSuffix", "reflect.DeepEqual":
				t.Errorf("%s.%s takes as long as the bytes are alike", s.X, s.Sel)
			}
		}
		return true
	})
	if equal != 1 {
		t.Errorf("%d comparisons by hmac.Equal, want 1", equal)
	}
}

// FuzzVerify: what is verified is what was signed.
func FuzzVerify(f *testing.F) {
	good := mustSign(f, testAccess(), testRing)
	for _, sig := range []string{good.Sig, "", good.Sig[:30], good.Sig + "A", strings.Repeat("A", 47), strings.ToUpper(good.Sig), "\n" + good.Sig} {
		f.Add(good.ID, sig)
	}
	f.Add(strings.ToUpper(good.ID), good.Sig)
	f.Fuzz(func(t *testing.T, id, sig string) {
		a, err := testRing.verify(Link{id, sig})
		if err != nil {
			if !errors.Is(err, ErrBadID) {
				t.Errorf("verify(%q, %q) = %v, want ErrBadID", id, sig, err)
			}
			return
		}
		if again := mustSign(t, a, testRing); again != (Link{id, sig}) {
			t.Errorf("(%q, %q) is the access %+v, which is signed as %+v", id, sig, a, again)
		}
	})
}
