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

var testKey = bytes.Repeat([]byte{7}, 32)

func testID() ID {
	return ID{Model: testModel, Epoch: "0123456789abcdef", Number: 42, Nonce: "00112233445566778899aabbccddeeff"}
}

func mustSeal(t *testing.T, id ID, key []byte) string {
	t.Helper()
	sealed, err := id.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestIDRoundTrip(t *testing.T) {
	t.Parallel()
	// Power Automate and Azure SQL lose a header with ~ in it; a URL takes the rest as it is.
	alphabet := regexp.MustCompile(`^[A-Za-z0-9_-]{108}$`)
	seen := map[string]bool{}
	for name, change := range map[string]func(*ID){
		"as it is":        func(*ID) {},
		"first number":    func(id *ID) { id.Number = 1 },
		"last number":     func(id *ID) { id.Number = math.MaxInt64 },
		"another epoch":   func(id *ID) { id.Epoch = "ffffffffffffffff" },
		"another nonce":   func(id *ID) { id.Nonce = strings.Repeat("f", 32) },
		"another model":   func(id *ID) { id.Model.DatasetID = "ffffffff-ffff-ffff-ffff-ffffffffffff" },
		"zero everywhere": func(id *ID) { *id = ID{Model{nilGUID, nilGUID}, "0000000000000000", 0, strings.Repeat("0", 32)} },
	} {
		id := testID()
		change(&id)
		sealed := mustSeal(t, id, testKey)
		if !alphabet.MatchString(sealed) {
			t.Errorf("%s: %q does not go into a URL as it is", name, sealed)
		}
		if got, err := OpenID(sealed, testKey); err != nil || got != id {
			t.Errorf("%s: %+v becomes %+v, %v", name, id, got, err)
		}
		if seen[sealed] {
			t.Errorf("%s: two ids are sealed alike", name)
		}
		seen[sealed] = true
	}
}

const nilGUID = "00000000-0000-0000-0000-000000000000"

// Whoever alters an id in one place, in any way, has no id.
func TestEveryAlteredIDIsRefused(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	sealed := mustSeal(t, testID(), testKey)
	for i := range len(sealed) {
		for _, c := range alphabet + "~=+/% .\x00\xff" {
			altered := sealed[:i] + string(c) + sealed[i+1:]
			if altered == sealed {
				continue
			}
			if _, err := OpenID(altered, testKey); !errors.Is(err, ErrBadID) {
				t.Fatalf("place %d as %q: %v", i, c, err)
			}
		}
	}
}

func TestIDsOfAnyOtherLength(t *testing.T) {
	t.Parallel()
	sealed := mustSeal(t, testID(), testKey)
	for n := range len(sealed) {
		if _, err := OpenID(sealed[:n], testKey); !errors.Is(err, ErrBadID) {
			t.Errorf("the first %d: %v", n, err)
		}
		if _, err := OpenID(sealed[len(sealed)-n:], testKey); !errors.Is(err, ErrBadID) {
			t.Errorf("the last %d: %v", n, err)
		}
	}
	for _, more := range []string{"A", "AAAA", "=", "====", sealed, strings.Repeat("A", 1<<20)} {
		if _, err := OpenID(sealed+more, testKey); !errors.Is(err, ErrBadID) {
			t.Errorf("with %.10q after it: %v", more, err)
		}
	}
}

func TestIDsOfAnotherKey(t *testing.T) {
	t.Parallel()
	sealed := mustSeal(t, testID(), testKey)
	other := bytes.Clone(testKey)
	other[31] ^= 1
	for name, key := range map[string][]byte{"another": other, "shorter": testKey[:31], "longer": append(bytes.Clone(testKey), 1), "none": nil} {
		if _, err := OpenID(sealed, key); !errors.Is(err, ErrBadID) {
			t.Errorf("%s key: %v", name, err)
		}
	}
}

// An id of a later version of this program is sealed with the same key, and means
// something else.
func TestIDsOfAnotherVersion(t *testing.T) {
	t.Parallel()
	b, err := idEncoding.DecodeString(mustSeal(t, testID(), testKey))
	if err != nil {
		t.Fatal(err)
	}
	b[0] = idVersion + 1
	sealed := idEncoding.EncodeToString(append(b[:idBody:idBody], mac(testKey, b[:idBody])...))
	if _, err := OpenID(sealed, testKey); !errors.Is(err, ErrBadID) {
		t.Errorf("%v", err)
	}
	b[0] = idVersion
	sealed = idEncoding.EncodeToString(append(b[:idBody:idBody], mac(testKey, b[:idBody])...))
	if _, err := OpenID(sealed, testKey); err != nil {
		t.Errorf("this test makes no good ids: %v", err)
	}
}

// Why an id is bad is not told: who tries keys or bytes learns nothing.
func TestBadIDsLookAlike(t *testing.T) {
	t.Parallel()
	sealed := mustSeal(t, testID(), testKey)
	for _, bad := range []string{"", "x", sealed[1:], sealed[:107] + flip(sealed[107]), flip(sealed[0]) + sealed[1:], strings.ToLower(sealed)} {
		if _, err := OpenID(bad, testKey); err == nil || err.Error() != ErrBadID.Error() {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSealRefusesWhatCouldNotBeOpened(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ID){
		"no workspace":    func(id *ID) { id.Model.WorkspaceID = "" },
		"no epoch":        func(id *ID) { id.Epoch = "" },
		"no nonce":        func(id *ID) { id.Nonce = "" },
		"short nonce":     func(id *ID) { id.Nonce = id.Nonce[2:] },
		"long epoch":      func(id *ID) { id.Epoch += "00" },
		"odd nonce":       func(id *ID) { id.Nonce = id.Nonce[1:] },
		"name for a GUID": func(id *ID) { id.Model.DatasetID = "Sales" },
	} {
		id := testID()
		change(&id)
		if sealed, err := id.Seal(testKey); err == nil {
			t.Errorf("%s: sealed as %s", name, sealed)
		}
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		r := random(16)
		if len(r) != 32 || seen[r] || strings.Trim(r, "0123456789abcdef") != "" {
			t.Fatalf("%q, %d before", r, len(seen))
		}
		seen[r] = true
	}
}

// How long a comparison takes tells nothing of where it failed: the MAC is compared by
// hmac.Equal, and nothing else in the file compares bytes.
func TestIDsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "id.go", nil, 0)
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

// FuzzOpenID: what opens is what was sealed.
func FuzzOpenID(f *testing.F) {
	good, err := testID().Seal(testKey)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, "", good[:54], good + "A", strings.Repeat("A", 108), strings.ToUpper(good), "\n" + good} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sealed string) {
		id, err := OpenID(sealed, testKey)
		if err != nil {
			if !errors.Is(err, ErrBadID) || id != (ID{}) {
				t.Errorf("%+v, %v", id, err)
			}
			return
		}
		if again := mustSeal(t, id, testKey); again != sealed {
			t.Errorf("%q opens as %+v, which is sealed as %q", sealed, id, again)
		}
	})
}

func TestLineBreaksMakeAnotherID(t *testing.T) {
	t.Parallel()
	good := mustSeal(t, testID(), testKey)
	for _, id := range []string{"\n" + good, good + "\r\n", good[:10] + "\n" + good[10:]} {
		if _, err := OpenID(id, testKey); !errors.Is(err, ErrBadID) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestSealRefusesPartsOfAnotherLength(t *testing.T) {
	t.Parallel()
	id := testID()
	id.Model.WorkspaceID += "00"
	id.Model.DatasetID = id.Model.DatasetID[:len(id.Model.DatasetID)-2]
	if sealed, err := id.Seal(testKey); err == nil {
		t.Errorf("sealed as %s", sealed)
	}
}
