package checks

import (
	"slices"
	"strings"
)

// easyAuthBody is what we say of sites/config authsettingsV2 (documented).
type easyAuthBody struct {
	Properties struct {
		Platform struct {
			Enabled bool `json:"enabled"`
		} `json:"platform"`
		GlobalValidation struct {
			RequireAuthentication       bool     `json:"requireAuthentication"`
			UnauthenticatedClientAction string   `json:"unauthenticatedClientAction"`
			ExcludedPaths               []string `json:"excludedPaths"`
		} `json:"globalValidation"`
		HTTPSettings struct {
			RequireHTTPS bool `json:"requireHttps"`
		} `json:"httpSettings"`
		Login struct {
			TokenStore struct {
				Enabled bool `json:"enabled"`
			} `json:"tokenStore"`
		} `json:"login"`
		IdentityProviders struct {
			AzureActiveDirectory struct {
				Enabled      bool `json:"enabled"`
				Registration struct {
					ClientID     string `json:"clientId"`
					OpenIDIssuer string `json:"openIdIssuer"`
				} `json:"registration"`
				Validation struct {
					AllowedAudiences           []string `json:"allowedAudiences"`
					DefaultAuthorizationPolicy struct {
						AllowedApplications []string `json:"allowedApplications"`
					} `json:"defaultAuthorizationPolicy"`
				} `json:"validation"`
			} `json:"azureActiveDirectory"`
		} `json:"identityProviders"`
	} `json:"properties"`
}

func easyAuthOf(p *Plan) (easyAuthBody, error) {
	var body easyAuthBody
	auth, _ := at(p, "azapi_update_resource.easy_auth")
	return body, strict(auth.Body.Attributes["body"], &body)
}

func easyAuthRules(p *Plan) (f findings) {
	body, err := easyAuthOf(p)
	if err != nil {
		return findings{"Easy Auth's body: " + err.Error()}
	}
	g, on := body.Properties.GlobalValidation, isTrue(p, "easy_auth_on")
	aad := body.Properties.IdentityProviders.AzureActiveDirectory
	if body.Properties.Platform.Enabled != on || g.RequireAuthentication != on || aad.Enabled != on {
		f.add("Easy Auth is on exactly when easy_auth is set")
	}
	if !on {
		return f
	}
	if g.UnauthenticatedClientAction != "Return401" {
		f.add("Easy Auth answers %s: callers are programs, and want a 401", g.UnauthenticatedClientAction)
	}
	if !strings.HasPrefix(aad.Registration.OpenIDIssuer, local(p, "cloud").(map[string]any)["login"].(string)+"/") {
		f.add("Easy Auth trusts the issuer %s of another cloud", aad.Registration.OpenIDIssuer)
	}
	if aad.Registration.ClientID == "" || len(aad.Validation.AllowedAudiences) == 0 {
		f.add("Easy Auth knows no audience")
	}
	return f
}

// excluded reports whether Easy Auth lets a path through without a token: "/*" at the end
// covers what is below, anything else is the path itself.
func excluded(paths []string, path string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		if above, below := strings.CutSuffix(p, "/*"); below {
			return strings.HasPrefix(path, above+"/")
		}
		return p == path
	})
}

func networkRules(p *Plan) (f findings) {
	private := local(p, "private_services")
	_, body, err := siteOf(p)
	if err != nil {
		return findings{err.Error()}
	}
	subnet := body.Properties.VirtualNetworkSubnetID
	if len(private.([]any)) == 0 {
		if subnet != nil || len(of(p, "azurerm_private_endpoint")) > 0 {
			f.add("a public installation has parts of a private one")
		}
		return f
	}
	if subnet == nil {
		f.add("the app is in no subnet, and reaches no private endpoint")
	}
	for _, a := range of(p, "azurerm_storage_account") {
		if rules := a.Body.Blocks["network_rules"]; len(rules) != 1 || text(rules[0], "default_action") != "Deny" {
			f.add("%s is open to every network", a.Address)
		}
	}
	for _, v := range of(p, "azurerm_key_vault") {
		if text(v.Body.Blocks["network_acls"][0], "default_action") != "Deny" {
			f.add("%s is open to every network", v.Address)
		}
	}
	return append(f, endpointRules(p, body.Properties.PublicNetworkAccess)...)
}

func endpointRules(p *Plan, access string) (f findings) {
	reached := map[string]int{}
	for _, e := range of(p, "azurerm_private_endpoint") {
		service := e.Body.Blocks["private_service_connection"][0].Attributes["subresource_names"].([]any)[0].(string)
		reached[service]++
		if zone := e.Body.Blocks["private_dns_zone_group"][0].Attributes["private_dns_zone_ids"].([]any)[0].(string); !strings.Contains(zone, service) {
			f.add("%s: names of %s are looked up in %s", e.Address, service, zone)
		}
	}
	if reached["blob"] != 2 || (reached["vault"] == 1) != isTrue(p, "makes_vault") || (reached["sites"] == 1) != (access == "Disabled") {
		f.add("private endpoints: %v", reached)
	}
	for _, z := range of(p, "azurerm_private_dns_zone") {
		if !slices.Contains(zoneNames()[local(p, "cloud").(map[string]any)["powerbi"].(string)], text(z.Body, "name")) {
			f.add("%s is of another cloud: %s", z.Address, text(z.Body, "name"))
		}
	}
	for _, s := range of(p, "azurerm_subnet") {
		for _, d := range s.Body.Blocks["delegation"] {
			want := map[bool]string{true: "Microsoft.App/environments", false: "Microsoft.Web/serverFarms"}[isTrue(p, "flex")]
			if got := text(d.Blocks["service_delegation"][0], "name"); got != want {
				f.add("%s is delegated to %s, must be %s", s.Address, got, want)
			}
		}
	}
	return f
}

// zoneNames are the private DNS zones by cloud (documented), here a second time on purpose.
func zoneNames() map[string][]string {
	return map[string][]string{
		"public": {"privatelink.blob.core.windows.net", "privatelink.vaultcore.azure.net", "privatelink.azurewebsites.net"},
		"usgov":  {"privatelink.blob.core.usgovcloudapi.net", "privatelink.vaultcore.usgovcloudapi.net", "privatelink.azurewebsites.us"},
		"china":  {"privatelink.blob.core.chinacloudapi.cn", "privatelink.vaultcore.azure.cn", "privatelink.chinacloudsites.cn"},
	}
}
