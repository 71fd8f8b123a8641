package callback

import (
	"errors"
	"strings"
	"testing"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	hosts, err := ParseHosts("Example.com, localhost:8443;internal\n a.b.example.org:444")
	if err != nil {
		t.Fatal(err)
	}
	for url, allowed := range map[string]bool{
		"https://example.com/":           true,
		"https://EXAMPLE.com:443/":       true,
		"https://a.b.example.com/":       true,
		"https://evilexample.com/":       false,
		"https://example.com.evil.net/":  false,
		"https://example.comx/":          false,
		"https://xample.com/":            false,
		"https://com/":                   false,
		"https://example.com:444/":       false,
		"https://localhost:8443/":        true,
		"https://localhost/":             false,
		"https://a.localhost:8443/":      false, // a single label stands for itself
		"https://internal/":              true,
		"https://x.internal/":            false,
		"https://a.b.example.org:444/":   true,
		"https://c.a.b.example.org:444/": true,
		"https://a.b.example.org/":       false,
		"https://b.example.org:444/":     false,
	} {
		_, err := Policy{Hosts: hosts}.Check(url)
		if (err == nil) != allowed {
			t.Errorf("%s: %v, want allowed %v", url, err, allowed)
		}
	}
	if _, err := (Policy{}).Check("https://example.com/"); err == nil {
		t.Error("the zero Policy allows https://example.com/, want no URL")
	}
}

func TestRefusalNamesHostAndSetting(t *testing.T) {
	t.Parallel()
	for url, shown := range map[string]string{
		"https://Hooks.example.com:8443/secret?sig=x": "hooks.example.com:8443 ",
		"https://hooks.example.com:443/secret?sig=x":  "hooks.example.com ",
	} {
		_, err := defaults().Check(url)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, shown) || !strings.Contains(e.Message, "CALLBACK_HOSTS") || strings.Contains(e.Message, "sig") {
			t.Errorf("%v", err)
		}
	}
}

func TestHostListsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"", " ,;", "*", "*.example.com", ".example.com", "example.com.", "https://example.com", "example.com/x", "10.0.0.1",
		"[::1]", "example.com:", "example.com:0", "example.com:65536", "example.com:443:443", "exa mple.com *", "ex\u00e4mple.com", "me@example.com",
		strings.Repeat("a.", 130) + "com"} {
		if hosts, err := ParseHosts(list); err == nil || len(hosts.list) > 0 {
			t.Errorf("ParseHosts(%q) = %v, want an error", list, hosts)
		}
	}
}

// The app itself and the deployment sites of apps are never called, whatever the list of
// hosts says.
func TestHostsThatAreNeverCalled(t *testing.T) {
	t.Parallel()
	hosts, err := ParseHosts("azurewebsites.net refresh.example.com azurewebsites.us chinacloudsites.cn appserviceenvironment.net")
	if err != nil {
		t.Fatal(err)
	}
	p := Policy{Hosts: hosts, Own: []string{"refresh.azurewebsites.net", "refresh.example.com"}}
	for host, want := range map[string]bool{
		"refresh.azurewebsites.net": false, "refresh.example.com": false, "REFRESH.example.com": false, "other.azurewebsites.net": true, "a.refresh.example.com": true,
		"other.scm.azurewebsites.net": false, "OTHER.SCM.azurewebsites.net": false, "x.scm.westeurope-01.azurewebsites.net": false, "x.scm.azurewebsites.us": false,
		"x.scm.chinacloudsites.cn": false, "x.scm.ase.appserviceenvironment.net": false, "scm.azurewebsites.net": false, "myscm.azurewebsites.net": true,
	} {
		if _, err := p.Check("https://" + host + "/x"); (err == nil) != want {
			t.Errorf("Check(https://%s/x) = %v, want allowed %t", host, err, want)
		}
	}
}
