package checks

import (
	"fmt"
	"slices"
	"strings"
)

// Rules look at one variant's plan and return what is wrong.
func Rules() map[string]func(*Plan) findings {
	return map[string]func(*Plan) findings{
		"storage":   storageRules,
		"lifecycle": lifecycleRules,
		"vault":     vaultRules,
		"telemetry": telemetryRules,
		"roles":     roleRules,
		"site":      siteRules,
		"settings":  settingRules,
		"easy auth": easyAuthRules,
		"network":   networkRules,
		"alerts":    alertRules,
	}
}

// findings collects what is wrong.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// want says so if an attribute is not exactly that.
func (f *findings) want(address string, b Body, attribute string, want any) {
	if got := b.Attributes[attribute]; got != want {
		f.add("%s: %s is %v, must be %v", address, attribute, got, want)
	}
}

// of are the instances of a type.
func of(p *Plan, kind string) []Instance {
	return slices.DeleteFunc(slices.Clone(p.Instances), func(i Instance) bool { return i.Type != kind })
}

func at(p *Plan, address string) (Instance, bool) {
	i := slices.IndexFunc(p.Instances, func(i Instance) bool { return i.Address == address })
	if i < 0 {
		return Instance{}, false
	}
	return p.Instances[i], true
}

func text(b Body, attribute string) string {
	s, _ := b.Attributes[attribute].(string)
	return s
}

// local is a local of infra/ as Go has it.
func local(p *Plan, name string) any { return p.Locals[name] }

func isTrue(p *Plan, name string) bool { return local(p, name) == true }

func storageRules(p *Plan) (f findings) {
	accounts := of(p, "azurerm_storage_account")
	if len(accounts) != 2 {
		f.add("%d storage accounts, must be 2: the host's and the state's", len(accounts))
	}
	for _, a := range accounts {
		for attribute, want := range map[string]any{
			"shared_access_key_enabled": false, "allow_nested_items_to_be_public": false, "https_traffic_only_enabled": true,
			"min_tls_version": "TLS1_2", "cross_tenant_replication_enabled": false, "local_user_enabled": false, "default_to_oauth_authentication": true,
		} {
			f.want(a.Address, a.Body, attribute, want)
		}
		for _, b := range a.Body.Blocks["blob_properties"] {
			if len(b.Blocks["delete_retention_policy"]) > 0 || b.Attributes["versioning_enabled"] == true {
				f.add("%s: soft delete or versions of blobs keep a copy of every write", a.Address)
			}
		}
	}
	for _, c := range of(p, "azurerm_storage_container") {
		f.want(c.Address, c.Body, "container_access_type", "private")
	}
	if state, ok := at(p, "azurerm_storage_container.state"); !ok || !strings.Contains(text(state.Body, "storage_account_id"), `["state"]`) {
		f.add("the state container is not in the state's account")
	}
	return f
}

// lifecycleRules: what is promised is never deleted, and what grows is.
func lifecycleRules(p *Plan) (f findings) {
	policy, ok := at(p, "azurerm_storage_management_policy.state")
	if !ok {
		return findings{"nothing is ever deleted from the state container"}
	}
	var prefixes []string
	for _, r := range policy.Body.Blocks["rule"] {
		if days := r.Blocks["actions"][0].Blocks["base_blob"][0].Attributes["delete_after_days_since_modification_greater_than"]; days.(float64) < 14 {
			f.add("rule %s deletes after %v days: an operation may take 7", text(r, "name"), days)
		}
		for _, prefix := range r.Blocks["filters"][0].Attributes["prefix_match"].([]any) {
			container, below, _ := strings.Cut(prefix.(string), "/")
			if own := settings(p)["AUDIT_CONTAINER"]; below == "audit/" && own != "" && container != own {
				f.add("the rule for the audit trail is for the container %s", container)
			}
			prefixes = append(prefixes, below)
		}
	}
	for _, kept := range []string{"models/a/b.json", "keys/status.json", "sweep/cursor.json", "schedules/progress.json", "schedules.json"} {
		for _, prefix := range prefixes {
			if strings.HasPrefix(kept, prefix) {
				f.add("the rule for %q deletes %s", prefix, kept)
			}
		}
	}
	for _, grows := range []string{"archive/", "keys/requests/", "callbacks/", "audit/"} {
		if !slices.Contains(prefixes, grows) {
			f.add("no rule deletes %s", grows)
		}
	}
	return f
}

func vaultRules(p *Plan) (f findings) {
	if isTrue(p, "uses_vault") != strings.HasPrefix(fmt.Sprint(settings(p)["POWERBI_AUTH"]), "keyvault-") {
		f.add("a vault is used exactly when POWERBI_AUTH needs one")
	}
	for _, v := range of(p, "azurerm_key_vault") {
		for attribute, want := range map[string]any{"rbac_authorization_enabled": true, "purge_protection_enabled": true} {
			f.want(v.Address, v.Body, attribute, want)
		}
		if len(v.Body.Blocks["network_acls"]) != 1 {
			f.add("%s has no network_acls", v.Address)
		}
	}
	if n := len(of(p, "azurerm_key_vault_secret")); n > 0 {
		f.add("%d secrets are set here: their values would be in the state file", n)
	}
	return f
}

func telemetryRules(p *Plan) (f findings) {
	for _, kind := range []string{"azurerm_application_insights", "azurerm_log_analytics_workspace"} {
		for _, i := range of(p, kind) {
			f.want(i.Address, i.Body, "local_authentication_enabled", false)
		}
	}
	if len(of(p, "azurerm_application_insights")) != 1 {
		f.add("there must be one Application Insights")
	}
	targets := map[string]bool{}
	for _, d := range of(p, "azurerm_monitor_diagnostic_setting") {
		targets[d.Address] = true
		if text(d.Body, "log_analytics_workspace_id") == "" {
			f.add("%s has no log_analytics_workspace_id", d.Address)
		}
	}
	if !targets["azurerm_monitor_diagnostic_setting.state"] || !targets["azurerm_monitor_diagnostic_setting.site"] ||
		isTrue(p, "makes_vault") != targets["azurerm_monitor_diagnostic_setting.vault[0]"] {
		f.add("diagnostic settings are missing: %v", targets)
	}
	return f
}
