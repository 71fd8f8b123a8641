package funchost

import (
	"slices"
	"testing"
)

// TestPassedValues covers what the recorded cases do not, by the source of
// HttpClient.
func TestPassedValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		want   []string
	}{
		{"Vary", []string{"Accept, Cookie", "*"}, []string{"Accept", "Cookie", "*"}},
		{"Vary", []string{"a b"}, []string{"a b"}},
		{"Allow", []string{""}, nil},
		{"Allow", []string{"GET,,HEAD"}, []string{"GET", "HEAD"}},
		{"X-List", []string{"a, b"}, []string{"a, b"}},
		{"Cache-Control", []string{"max-age=5,  No-Store, x=1"}, []string{"no-store, max-age=5, x=1"}},
		{"Cache-Control", []string{"private", "a b"}, []string{"private", "a b"}},
		{"Pragma", []string{"no-cache, a=b"}, []string{"no-cache", "a=b"}},
		{"Server", []string{"a/1 b (c d)"}, []string{"a/1", "b", "(c d)"}},
		{"Server", []string{"a@b"}, []string{"a@b"}},
		{"Via", []string{"1.1 a, HTTP/1.0 b (c)"}, []string{"1.1 a", "HTTP/1.0 b (c)"}},
		{"Warning", []string{`199 - "a,b", 299 x "c"`}, []string{`199 - "a,b"`, `299 x "c"`}},
		{"WWW-Authenticate", []string{`Digest a="1,2", b=3, Basic, Bearer x==`}, []string{`Digest a="1,2", b=3`, "Basic", "Bearer x=="}},
		{"Retry-After", []string{"007"}, []string{"7"}},
		{"Retry-After", []string{"0"}, []string{"0"}},
		{"Retry-After", []string{"-1"}, []string{"-1"}},
		{"Last-Modified", []string{"Monday, 30-Nov-26 10:00:00 GMT"}, []string{"Mon, 30 Nov 2026 10:00:00 GMT"}},
		{"Expires", []string{"0"}, []string{"0"}},
		{"Content-Type", []string{`text/html;charset="utf-8" ; a=b`}, []string{`text/html; charset="utf-8"; a=b`}},
		{"Content-Type", []string{"text"}, []string{"text"}},
		{"Content-Disposition", []string{`attachment;filename=x`}, []string{`attachment; filename=x`}},
		{"Content-Encoding", []string{"gzip, br"}, []string{"gzip", "br"}},
		{"Location", []string{"HTTPS://Host.Example:443"}, []string{"https://host.example/"}},
		{"Location", []string{"http://h:080/a/../b/%7Ec%2f?x=%7E y#%7E"}, []string{"http://h/b/~c%2f?x=~%20y#~"}},
		{"Location", []string{"http://h:8080/a%c3%a4"}, []string{"http://h:8080/a%C3%A4"}},
		{"Location", []string{"http://h/a%2f"}, []string{"http://h/a%2f"}},
		{"Location", []string{"http://h/\xe4"}, []string{"http://h/%C3%A4"}},
		{"Location", []string{"http://u@h/"}, []string{"http://u@h/"}},
		{"Location", []string{"http://[::1]:81/"}, []string{"http://[::1]:81/"}},
		{"Location", []string{"http://h:99999/"}, []string{"http://h:99999/"}},
		{"Location", []string{"http://a..b/"}, []string{"http://a..b/"}},
		{"Location", []string{"/a b/../%7E"}, []string{"/a%20b/../%7E"}},
		{"Location", []string{"urn:x"}, []string{"urn:x"}},
		{"Location", []string{""}, []string{""}},
	}
	for _, tt := range tests {
		if got := passValues(tt.name, tt.values); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q is passed as %q, want %q", tt.name, tt.values, got, tt.want)
		}
	}
}

func TestAnswerThatKestrelRefuses(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*answer{
		"204 with a length":        {status: 204, header: fields{{"Content-Length", "2"}}},
		"205 with a body":          {status: 205, header: fields{{"Content-Length", "2"}}, body: []byte("hi")},
		"a control character":      {status: 200, header: fields{{"X", "a\x01"}}},
		"beyond ASCII":             {status: 200, header: fields{{"X", "\xe4"}}},
		"two lengths":              {status: 200, header: fields{{"Content-Length", "0"}, {"Content-Length", "0"}}},
		"a length that is no such": {status: 200, header: fields{{"Content-Length", "x"}}},
	} {
		if got := a.pass("GET"); got.status != 500 || got.body != nil {
			t.Errorf("%s: status %d, want 500", name, got.status)
		}
	}
}
