package checks

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// siteBody is what we say of Microsoft.Web/sites, written down a second time: a name that
// is not here is a slip. Source: the resource's reference, 2024-04-01 (documented).
type siteBody struct {
	Kind       string `json:"kind"`
	Properties struct {
		ServerFarmID              string             `json:"serverFarmId"`
		Reserved                  bool               `json:"reserved"`
		HTTPSOnly                 bool               `json:"httpsOnly"`
		ClientAffinityEnabled     *bool              `json:"clientAffinityEnabled"`
		PublicNetworkAccess       string             `json:"publicNetworkAccess"`
		KeyVaultReferenceIdentity string             `json:"keyVaultReferenceIdentity"`
		VirtualNetworkSubnetID    *string            `json:"virtualNetworkSubnetId"`
		FunctionAppConfig         *functionAppConfig `json:"functionAppConfig"`
		SiteConfig                siteConfig         `json:"siteConfig"`
	} `json:"properties"`
}

type functionAppConfig struct {
	Deployment struct {
		Storage struct {
			Type           string `json:"type"`
			Value          string `json:"value"`
			Authentication struct {
				Type                           string `json:"type"`
				UserAssignedIdentityResourceID string `json:"userAssignedIdentityResourceId"`
			} `json:"authentication"`
		} `json:"storage"`
	} `json:"deployment"`
	Runtime struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"runtime"`
	ScaleAndConcurrency struct {
		InstanceMemoryMB     float64 `json:"instanceMemoryMB"`
		MaximumInstanceCount float64 `json:"maximumInstanceCount"`
		AlwaysReady          []struct {
			Name          string  `json:"name"`
			InstanceCount float64 `json:"instanceCount"`
		} `json:"alwaysReady"`
		Triggers struct {
			HTTP struct {
				PerInstanceConcurrency float64 `json:"perInstanceConcurrency"`
			} `json:"http"`
		} `json:"triggers"`
	} `json:"scaleAndConcurrency"`
}

type siteConfig struct {
	MinTLSVersion    string `json:"minTlsVersion"`
	SCMMinTLSVersion string `json:"scmMinTlsVersion"`
	FTPSState        string `json:"ftpsState"`
	HTTP20Enabled    bool   `json:"http20Enabled"`
	AppSettings      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"appSettings"`
	LinuxFxVersion              *string  `json:"linuxFxVersion"`
	AlwaysOn                    *bool    `json:"alwaysOn"`
	HealthCheckPath             *string  `json:"healthCheckPath"`
	VnetRouteAllEnabled         *bool    `json:"vnetRouteAllEnabled"`
	FunctionAppScaleLimit       *float64 `json:"functionAppScaleLimit"`
	MinimumElasticInstanceCount *float64 `json:"minimumElasticInstanceCount"`
}

func siteOf(p *Plan) (Instance, siteBody, error) {
	var body siteBody
	site, _ := at(p, "azapi_resource.site")
	return site, body, strict(site.Body.Attributes["body"], &body)
}

func siteRules(p *Plan) (f findings) {
	site, body, _ := siteOf(p)
	if err := strict(site.Body.Attributes["body"], &body); err != nil {
		return findings{"the site's body: " + err.Error()}
	}
	s, c := body.Properties, body.Properties.SiteConfig
	for what, kept := range map[string]bool{
		"it is a Linux function app": body.Kind == "functionapp,linux" && s.Reserved,
		"https only":                 s.HTTPSOnly,
		"TLS 1.2 or newer":           slices.Contains([]string{"1.2", "1.3"}, c.MinTLSVersion) && c.SCMMinTLSVersion == c.MinTLSVersion,
		"no FTP":                     c.FTPSState == "Disabled",
		"publicNetworkAccess is Enabled or Disabled":     slices.Contains([]string{"Enabled", "Disabled"}, s.PublicNetworkAccess),
		"nulls are left out":                             site.Body.Attributes["ignore_null_property"] == true,
		"vault references use the app's identity, by id": s.KeyVaultReferenceIdentity == "<azurerm_user_assigned_identity.app.id>",
		"azd finds it by its tag":                        strings.Contains(compact(site.Body.Attributes["tags"]), `"azd-service-name":"refresher"`),
		"functionAppConfig is for Flex only":             isTrue(p, "flex") == (s.FunctionAppConfig != nil),
	} {
		if !kept {
			f.add("azapi_resource.site: not kept: %s", what)
		}
	}
	if len(of(p, "azapi_update_resource")) != 3 {
		f.add("basic authentication is switched off for ftp and scm, and Easy Auth is set: 3 updates")
	}
	for _, name := range []string{"ftp", "scm"} {
		policy, _ := at(p, `azapi_update_resource.no_basic_auth["`+name+`"]`)
		if compact(policy.Body.Attributes["body"]) != `{"properties":{"allow":false}}` {
			f.add("basic authentication of %s is not off", name)
		}
	}
	if s.FunctionAppConfig != nil {
		return append(f, flexRules(*s.FunctionAppConfig)...)
	}
	return append(f, planRules(p, c)...)
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

var groupName = regexp.MustCompile(`^(http|function:[A-Za-z][A-Za-z0-9_-]*)$`)

func flexRules(c functionAppConfig) (f findings) {
	d, s := c.Deployment.Storage, c.ScaleAndConcurrency
	for what, kept := range map[string]bool{
		"the runtime is custom 1.0":         c.Runtime.Name == "custom" && c.Runtime.Version == "1.0",
		"the package is in a container":     d.Type == "blobContainer" && d.Value == `https://<azurerm_storage_account.this["host"]>/deployment`,
		"the package is read by identity":   d.Authentication.Type == "UserAssignedIdentity",
		"... by its resource id":            d.Authentication.UserAssignedIdentityResourceID == "<azurerm_user_assigned_identity.app.id>",
		"memory is a size that Flex has":    slices.Contains([]float64{512, 2048, 4096}, s.InstanceMemoryMB),
		"instances are within Flex's range": s.MaximumInstanceCount >= 40 && s.MaximumInstanceCount <= 1000,
		"concurrency is within its range":   s.Triggers.HTTP.PerInstanceConcurrency >= 1 && s.Triggers.HTTP.PerInstanceConcurrency <= 1000,
	} {
		if !kept {
			f.add("functionAppConfig: not kept: %s", what)
		}
	}
	for _, g := range s.AlwaysReady {
		if !groupName.MatchString(g.Name) {
			f.add("functionAppConfig: always ready %q is no group", g.Name)
		}
	}
	return f
}

func planRules(p *Plan, c siteConfig) (f findings) {
	plan, _ := at(p, "azurerm_service_plan.this")
	dedicated := !strings.HasPrefix(text(plan.Body, "sku_name"), "EP")
	if dedicated != (c.AlwaysOn != nil && *c.AlwaysOn) {
		f.add("alwaysOn is for dedicated plans, and there the timer needs it")
	}
	if c.LinuxFxVersion == nil || *c.LinuxFxVersion != "" {
		f.add(`linuxFxVersion must be "": a custom handler has no stack`)
	}
	if dedicated != (c.FunctionAppScaleLimit == nil) || dedicated != (c.MinimumElasticInstanceCount == nil) {
		f.add("elastic limits are for Premium only")
	}
	return f
}

// settings are the app's settings by name.
func settings(p *Plan) map[string]string {
	_, body, err := siteOf(p)
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for _, s := range body.Properties.SiteConfig.AppSettings {
		all[s.Name] = s.Value
	}
	return all
}

var looksSecret = regexp.MustCompile(`(?i)AccountKey=|SharedAccess|[?&]sig=|password`)

func settingRules(p *Plan) (f findings) {
	all := settings(p)
	refused := []string{"AzureWebJobsStorage", "AzureWebJobsDashboard", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTSHARE", "STATE_STORAGE", "POWERBI_CLIENT_SECRET"}
	elsewhere := []string{"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"}
	for _, name := range elsewhere {
		if _, set := all[name]; set == isTrue(p, "flex") {
			f.add("%s: Flex refuses it, the other plans need it", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(refused, name) {
			f.add("the setting %s must not be there, not even empty", name)
		}
		if all[name] == "" || looksSecret.MatchString(all[name]) {
			f.add("the setting %s is empty or looks like a secret", name)
		}
	}
	byAuth := map[string]string{"keyvault-secret": "POWERBI_CLIENT_SECRET_NAME", "keyvault-certificate": "POWERBI_CLIENT_CERTIFICATE_NAME"}
	for auth, name := range byAuth {
		if _, set := all[name]; set != (all["POWERBI_AUTH"] == auth) {
			f.add("the setting %s goes with POWERBI_AUTH %s", name, auth)
		}
	}
	const client = "<azurerm_user_assigned_identity.app.client_id>"
	for name, want := range map[string]string{
		"AzureWebJobsStorage__credential": "managedidentity", "AzureWebJobsStorage__clientId": client, "AZURE_CLIENT_ID": client,
		"AzureWebJobsStorage__blobServiceUri":       `https://<azurerm_storage_account.this["host"]>`,
		"STATE_STORAGE__blobServiceUri":             `https://<azurerm_storage_account.this["state"]>`,
		"APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "ClientId=" + client + ";Authorization=AAD",
		"APPLICATIONINSIGHTS_CONNECTION_STRING":     "<azurerm_application_insights.this.connection_string>",
	} {
		if all[name] != want {
			f.add("the setting %s is %q, must be %q", name, all[name], want)
		}
	}
	return f
}
