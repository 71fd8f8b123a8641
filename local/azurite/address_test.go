package azurite

import (
	"net/url"
	"strings"
	"testing"
)

func TestReadAddress(t *testing.T) {
	t.Parallel()
	const banner = "In-memory extent storage is enabled.\nAzurite Blob service is starting on 127.0.0.1:0\n"
	for output, want := range map[string]string{
		banner + "Azurite Blob service successfully listens on http://127.0.0.1:41234\n": "http://127.0.0.1:41234",
		"x listens on http://127.0.0.1:1 \r\nx listens on http://127.0.0.1:2":            "http://127.0.0.1:1",
		"x listens on http://[::1]:80\n":                                                 "http://[::1]:80",
		"x listens on http://10.0.0.1:80\nx listens on http://127.0.0.1:3\n":             "http://127.0.0.1:3",
	} {
		got, err := readAddress(strings.NewReader(output))
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", output, got, err, want)
		}
	}
	for _, output := range []string{
		"", banner, "listens on http://127.0.0.1:0", "x listens on 127.0.0.1:80", "x listens on https://127.0.0.1:80",
		"x listens on http://127.0.0.1:99999", "x listens on http://example.org:80", "x listens on http://127.0.0.1",
		"x listens on http://%zz", strings.Repeat("x", 1<<17),
	} {
		if got, err := readAddress(strings.NewReader(output)); err == nil {
			t.Errorf("%.60q: %q, want an error", output, got)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("Azurite Blob service successfully listens on http://127.0.0.1:41234")
	f.Add("x listens on http://user:pass@127.0.0.1:80/path?q#f")
	f.Add("x listens on http://[::1%25eth0]:80")
	f.Fuzz(func(t *testing.T, line string) {
		address, ok := parseAddress(line)
		if !ok {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" || u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
			t.Fatalf("%q: %q, %v", line, address, err)
		}
	})
}
