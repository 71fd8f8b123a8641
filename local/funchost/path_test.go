package funchost

import (
	"strings"
	"testing"
)

// TestPath covers what the recorded cases do not, by the source of Kestrel and
// System.Uri.
func TestPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, query, decoded, forwarded string }{
		{"/a/%252541", "", "/a/%2541", "/a/%2541"},
		{"/a/%2541", "", "/a/%41", "/a/A"},
		{"/a/%%341", "", "/a/%41", "/a/A"},
		{"/a/%", "", "/a/%", "/a/%25"},
		{"/a/%2", "", "/a/%2", "/a/%252"},
		{"/a/%zz%41", "", "/a/%zzA", "/a/%25zzA"},
		{"/a/%C3%41", "", "/a/%C3A", "/a/%C3A"},
		{"/a/%e2%82%ac", "", "/a/€", "/a/%E2%82%AC"},
		{"/a/%e2%82", "", "/a/%e2%82", "/a/%e2%82"},
		{"/a/%C0%AF", "", "/a/%C0%AF", "/a/%C0%AF"},
		{"/a/%ED%A0%80", "", "/a/%ED%A0%80", "/a/%ED%A0%80"},
		{"/a/%257b", "", "/a/%7b", "/a/%7b"},
		{"/a/%257b%257E", "", "/a/%7b%7E", "/a/%7B~"},
		{"/a/%255C..%255Cb", "", `/a/%5C..%5Cb`, "/a/%5C..%5Cb"},
		{"/a/b%0A", "", "/a/b\n", "/a/b"},
		{"/a/b%0A", "?x=1", "/a/b\n", "/a/b%0A"},
		{"/a/b%20%09", "", "/a/b \t", "/a/b"},
		{"/a/./b/..", "", "/a/", "/a/"},
		{"/..", "", "/", "/"},
		{"/a/%5C..%5C..%5C..%5Cb", "", `/a/\..\..\..\b`, "/b"},
		{"/a/x%5C.%5Cb", "", `/a/x\.\b`, "/a/x/b"},
	}
	for _, tt := range tests {
		decoded, err := decodePath(tt.raw)
		if err != nil || decoded != tt.decoded {
			t.Errorf("%s is decoded to %q, %v; want %q", tt.raw, decoded, err, tt.decoded)
		}
		if got := forwardedPath(decoded, tt.query); got != tt.forwarded {
			t.Errorf("%s%s is forwarded as %q, want %q", tt.raw, tt.query, got, tt.forwarded)
		}
	}
	for _, raw := range []string{"/a/%00", "/a/\x00", "/ä", "/a#b"} {
		if got, err := decodePath(raw); err == nil {
			t.Errorf("%q is decoded to %q, want an error", raw, got)
		}
	}
}

// TestEveryCharacterOfAPath: each has one outcome, sent raw or escaped, and what
// is forwarded needs no more escaping.
func TestEveryCharacterOfAPath(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for _, sent := range []string{string([]byte{byte(c)}), escapeData(string([]byte{byte(c)}))} {
			decoded, err := decodePath("/a/x" + sent + "y")
			if err != nil {
				continue
			}
			got := forwardedPath(decoded, "?")
			if strings.Trim(got, unreserved+reservedIn+"%") != "" || !strings.HasPrefix(got, "/a/x") {
				t.Errorf("%q is forwarded as %q", sent, got)
			}
			if again := forwardedPath(got, "?"); again != got && c != '%' {
				t.Errorf("%q is forwarded as %q, which becomes %q", sent, got, again)
			}
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add("/a/%5C..%5c%2541%C3%A4", "?x")
	f.Fuzz(func(t *testing.T, raw, query string) {
		decoded, err := decodePath("/" + raw)
		if err != nil {
			return
		}
		got := forwardedPath(decoded, query)
		if strings.ContainsAny(got, `\?# `) || strings.Contains(got+"/", "/../") || strings.Contains(got+"/", "/./") {
			t.Errorf("%q is forwarded as %q", raw, got)
		}
	})
}
