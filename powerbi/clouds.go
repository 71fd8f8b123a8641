package powerbi

import (
	"fmt"
	"net/url"
	"strings"
)

// Cloud is one of Microsoft's clouds: the base of Power BI's API, the scope of its
// tokens, and their issuer.
type Cloud struct {
	Name      string // as in the setting: public, usgov, usgovhigh, usgovmil, china
	API       string // base URL, without /v1.0
	Scope     string // for the client credentials grant, ends in /.default
	Authority string // base URL of Microsoft Entra ID
}

// clouds is documented in "Embed content for your customers in national clouds"
// (MicrosoftDocs/powerbi-docs, 2019). The host of usgovhigh is confirmed by newer
// Fabric pages, the rest of the government rows is not. For china Entra also
// answers at login.partner.microsoftonline.cn.
func clouds() []Cloud {
	const entra = "https://login.microsoftonline."
	return []Cloud{
		{"public", "https://api.powerbi.com", "https://analysis.windows.net/powerbi/api/.default", entra + "com"},
		{"usgov", "https://api.powerbigov.us", "https://analysis.usgovcloudapi.net/powerbi/api/.default", entra + "com"},
		{"usgovhigh", "https://api.high.powerbigov.us", "https://high.analysis.usgovcloudapi.net/powerbi/api/.default", entra + "us"},
		{"usgovmil", "https://api.mil.powerbigov.us", "https://mil.analysis.usgovcloudapi.net/powerbi/api/.default", entra + "us"},
		{"china", "https://api.powerbi.cn", "https://analysis.chinacloudapi.cn/powerbi/api/.default", "https://login.chinacloudapi.cn"},
	}
}

// CloudNamed returns the cloud of that name, in any case. An empty name is public.
func CloudNamed(name string) (Cloud, error) {
	var names []string
	for _, c := range clouds() {
		if strings.EqualFold(c.Name, name) || (name == "" && c.Name == "public") {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Cloud{}, fmt.Errorf("powerbi: no cloud %q; use one of %s", name, strings.Join(names, ", "))
}

// Override returns c with the arguments that are not empty in place of its own.
// The two addresses must be https: a token is never sent in clear text.
func (c Cloud) Override(api, scope, authority string) (Cloud, error) {
	for _, o := range []struct {
		field *string
		value string
	}{{&c.API, api}, {&c.Scope, scope}, {&c.Authority, authority}} {
		if o.value != "" {
			*o.field = strings.TrimRight(o.value, "/")
		}
	}
	return c, c.check()
}

func (c Cloud) check() error {
	if err := checkBase("API URL", c.API); err != nil {
		return err
	}
	if err := checkBase("authority", c.Authority); err != nil {
		return err
	}
	if c.Scope == "" {
		return fmt.Errorf("powerbi: the scope is empty; it looks like %s", clouds()[0].Scope)
	}
	return nil
}

func checkBase(what, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("powerbi: the %s %q is not an https address such as https://api.powerbi.com", what, raw)
	}
	return nil
}

// KnownAuthority reports whether the authority is one of Microsoft's own. For any
// other (a private cloud, an emulator) instance discovery must be off, because it would
// ask login.microsoft.com whether to trust that authority.
func KnownAuthority(authority string) bool {
	u, err := url.Parse(authority)
	if err != nil {
		return false
	}
	// The hosts that Microsoft's authentication library trusts without asking
	// (AzureAD/microsoft-authentication-library-for-go, aadTrustedHostList).
	switch strings.ToLower(u.Host) {
	case "login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net",
		"login.microsoftonline.us", "login-us.microsoftonline.com", "login.usgovcloudapi.net",
		"login.partner.microsoftonline.cn", "login.chinacloudapi.cn", "login.microsoftonline.de",
		"login.sovcloud-identity.fr", "login.sovcloud-identity.de", "login.sovcloud-identity.sg":
		return true
	default:
		return false
	}
}
