package powerbi

import (
	"strings"
	"testing"
)

func TestCloudNamed(t *testing.T) {
	t.Parallel()
	// documented: "Embed content for your customers in national clouds"
	for name, want := range map[string]Cloud{
		"public":    {"public", "https://api.powerbi.com", "https://analysis.windows.net/powerbi/api/.default", "https://login.microsoftonline.com"},
		"":          {"public", "https://api.powerbi.com", "https://analysis.windows.net/powerbi/api/.default", "https://login.microsoftonline.com"},
		"usgov":     {"usgov", "https://api.powerbigov.us", "https://analysis.usgovcloudapi.net/powerbi/api/.default", "https://login.microsoftonline.com"},
		"USGovHigh": {"usgovhigh", "https://api.high.powerbigov.us", "https://high.analysis.usgovcloudapi.net/powerbi/api/.default", "https://login.microsoftonline.us"},
		"usgovmil":  {"usgovmil", "https://api.mil.powerbigov.us", "https://mil.analysis.usgovcloudapi.net/powerbi/api/.default", "https://login.microsoftonline.us"},
		"china":     {"china", "https://api.powerbi.cn", "https://analysis.chinacloudapi.cn/powerbi/api/.default", "https://login.chinacloudapi.cn"},
	} {
		got, err := CloudNamed(name)
		if err != nil || got != want || got.check() != nil || !KnownAuthority(got.Authority) {
			t.Errorf("%q: got %+v, %v", name, got, err)
		}
	}
	if _, err := CloudNamed("mars"); err == nil || !strings.Contains(err.Error(), "usgovhigh") {
		t.Errorf("an unknown cloud: %v", err)
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	c := clouds()[0]
	got, err := c.Override("https://127.0.0.1:8443/", "https://api.powerbi.com/.default", "https://login.example/")
	want := Cloud{"public", "https://127.0.0.1:8443", "https://api.powerbi.com/.default", "https://login.example"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := c.Override("", "", ""); err != nil || got != c {
		t.Errorf("nothing to override: %+v, %v", got, err)
	}
	for _, bad := range []string{"http://api.powerbi.com", "api.powerbi.com", "https://", "https://u:p@x", "https://x?y", "https://%zz"} {
		if _, err := c.Override(bad, "", ""); err == nil || !strings.Contains(err.Error(), "API URL") {
			t.Errorf("%q as API: %v", bad, err)
		}
		if _, err := c.Override("", "", bad); err == nil || !strings.Contains(err.Error(), "authority") {
			t.Errorf("%q as authority: %v", bad, err)
		}
	}
}

func TestKnownAuthority(t *testing.T) {
	t.Parallel()
	for authority, want := range map[string]bool{
		"https://login.microsoftonline.com/": true, "https://LOGIN.microsoftonline.us": true,
		"https://login.partner.microsoftonline.cn": true, "https://127.0.0.1:8443": false,
		"https://login.microsoftonline.com.evil.example": false, "": false, "https://%zz": false,
	} {
		if KnownAuthority(authority) != want {
			t.Errorf("%q: want %v", authority, want)
		}
	}
}
