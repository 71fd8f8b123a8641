package checks

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"pbirefresh/test/infra/config"
)

// namespaces are the resource providers behind the types of azurerm, by the beginning of the
// type's name (documented: "Resource providers for Azure services").
var namespaces = []struct{ prefix, provider string }{
	{"azurerm_application_insights", "Microsoft.Insights"},
	{"azurerm_client_config", "Microsoft.Resources"},
	{"azurerm_consumption_", "Microsoft.Consumption"},
	{"azurerm_key_vault", "Microsoft.KeyVault"},
	{"azurerm_log_analytics_", "Microsoft.OperationalInsights"},
	{"azurerm_management_lock", "Microsoft.Authorization"},
	{"azurerm_monitor_", "Microsoft.Insights"},
	{"azurerm_private_", "Microsoft.Network"},
	{"azurerm_resource_group", "Microsoft.Resources"},
	{"azurerm_role_assignment", "Microsoft.Authorization"},
	{"azurerm_service_plan", "Microsoft.Web"},
	{"azurerm_storage_", "Microsoft.Storage"},
	{"azurerm_subnet", "Microsoft.Network"},
	{"azurerm_user_assigned_identity", "Microsoft.ManagedIdentity"},
	{"azurerm_virtual_network", "Microsoft.Network"},
}

// everywhere are registered in every subscription (documented).
var everywhere = []string{"Microsoft.Authorization", "Microsoft.Consumption", "Microsoft.Resources"}

// typeInText is a type of Azure's own, of azapi or of a delegated subnet.
var typeInText = regexp.MustCompile(`"(Microsoft\.[A-Za-z]+)/`)

// registrationRules: the provider block names the resource providers that are behind the
// resources, and no others.
func registrationRules(t Tree) (f findings) {
	c, err := t.Config()
	if err != nil {
		return findings{err.Error()}
	}
	needed, f := neededProviders(t, c)
	named := map[string]bool{}
	list, _ := literal(c.Providers["azurerm"].Body.Attributes["resource_providers_to_register"]).([]any)
	for _, name := range list {
		named[name.(string)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		if !named[name] {
			f.add("resource_providers_to_register does not name %s, which %s needs", name, needed[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if needed[name] == "" {
			f.add("resource_providers_to_register names %s, which nothing needs", name)
		}
	}
	return f
}

// neededProviders are those that must be registered, with what needs them.
func neededProviders(t Tree, c *config.Config) (needed map[string]string, f findings) {
	needed = map[string]string{}
	for name := range c.Resources {
		kind, _, _ := strings.Cut(strings.TrimPrefix(name, "data."), ".")
		if strings.HasPrefix(kind, "azapi_") {
			continue // its type is in the text
		}
		i := slices.IndexFunc(namespaces, func(n struct{ prefix, provider string }) bool { return strings.HasPrefix(kind, n.prefix) })
		if i < 0 {
			f.add("the resource provider of %s is not known: add it to namespaces", kind)
			continue
		}
		needed[namespaces[i].provider] = kind
	}
	for file, b := range t.Files("infra", ".tf") {
		for _, m := range typeInText.FindAllStringSubmatch(string(b), -1) {
			needed[m[1]] = file
		}
	}
	maps.DeleteFunc(needed, func(name, _ string) bool { return slices.Contains(everywhere, name) })
	return needed, f
}
