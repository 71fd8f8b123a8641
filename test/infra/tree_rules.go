package checks

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// FileRules look at what the files say without being evaluated, and at how infra/ and the
// rest of the project go together. They are part of every test run.
func FileRules() map[string]func(Tree) findings {
	return map[string]func(Tree) findings{
		"host.json":                     hostRules,
		"what the host forwards":        doorRules,
		"alerts and the catalogue":      catalogueRules,
		"alerts and the runbook":        runbookRules,
		"every variable is tested":      variableRules,
		"the provider uses Entra":       providerRules,
		"azd":                           azdRules,
		"resource providers":            registrationRules,
		"nothing is only of one engine": engineRules,
	}
}

// TreeRules hold the rest of the project to what OpenTofu plans: plan is that of
// examples/minimal.tfvars, open that of a variant with Easy Auth.
func TreeRules() map[string]func(t Tree, plan, open *Plan) findings {
	return map[string]func(t Tree, plan, open *Plan) findings{
		"every setting is given":     settingsGiven,
		"open routes":                openRoutes,
		"names are found by tag":     partRules,
		"alerts as planned, as read": plannedAlerts,
	}
}

// platformSettings are read by the host or App Service, not by the program.
var platformSettings = regexp.MustCompile(`^(AzureWebJobsStorage__|APPLICATIONINSIGHTS_|FUNCTIONS_|WEBSITE_)`)

// settingsGiven: each setting that the program reads is set here or listed as left at its
// default, and nothing else is. local.settings.json.example is what the program reads:
// cmd/refresher's tests see to that.
func settingsGiven(t Tree, plan, _ *Plan) (f findings) {
	var example struct{ Values map[string]string }
	if err := json.Unmarshal(t["local.settings.json.example"], &example); err != nil || len(example.Values) < 15 {
		return findings{fmt.Sprintf("local.settings.json.example: %d settings, %v", len(example.Values), err)}
	}
	left, _ := local(plan, "settings_left_at_default").(map[string]any)
	given := settings(plan)
	optional := []string{"ALLOWED_MODELS", "PUBLIC_BASE_URL", "POWERBI_CLIENT_CERTIFICATE_NAME"} // set if a variable says so
	for _, name := range slices.Sorted(maps.Keys(example.Values)) {
		_, set := given[name]
		if platformSettings.MatchString(name+"__") || platformSettings.MatchString(name) || set || slices.Contains(optional, name) || listed(left, name) {
			continue
		}
		f.add("the program reads %s: set it in settings.tf, or list it in settings_left_at_default", name)
	}
	for name := range given {
		if _, read := example.Values[name]; !read && !platformSettings.MatchString(name) {
			f.add("settings.tf sets %s, which the program does not read", name)
		}
	}
	for name := range left {
		if _, read := example.Values[name]; !read && !prefixed(example.Values, name) {
			f.add("settings_left_at_default has %s, which the program does not read", name)
		}
	}
	return f
}

func listed(left map[string]any, name string) bool {
	for entry := range left {
		if begin, open := strings.CutSuffix(entry, "*"); entry == name || open && strings.HasPrefix(name, begin) {
			return true
		}
	}
	return false
}

func prefixed(values map[string]string, entry string) bool {
	begin, open := strings.CutSuffix(entry, "*")
	return open && slices.ContainsFunc(slices.Collect(maps.Keys(values)), func(name string) bool { return strings.HasPrefix(name, begin) })
}

// hostRules: what a custom handler's host.json must say, and what the alerts rest on.
func hostRules(t Tree) (f findings) {
	var host struct {
		Version         string
		FunctionTimeout string
		CustomHandler   struct {
			Description struct {
				DefaultExecutablePath          string
				UseStdErrorStreamForErrorsOnly *bool
			}
			EnableForwardingHTTPRequest bool
		}
		Logging struct {
			LogLevel            map[string]string
			ApplicationInsights struct {
				EnableDependencyTracking *bool
				SamplingSettings         struct {
					IsEnabled     bool
					ExcludedTypes string
				}
			}
		}
	}
	if err := json.Unmarshal(t["host.json"], &host); err != nil {
		return findings{"host.json: " + err.Error()}
	}
	d, sampling := host.CustomHandler.Description, host.Logging.ApplicationInsights.SamplingSettings
	level, dependencies := host.Logging.LogLevel, host.Logging.ApplicationInsights.EnableDependencyTracking
	for what, kept := range map[string]bool{
		"version is 2.0": host.Version == "2.0",
		"functionTimeout is set, and below half an hour": regexp.MustCompile(`^00:[0-2][0-9]:00$`).MatchString(host.FunctionTimeout),
		"the executable is refresher":                    d.DefaultExecutablePath == "refresher",
		"requests are forwarded":                         host.CustomHandler.EnableForwardingHTTPRequest,
		"stderr is errors only, as hostlog writes it":    d.UseStdErrorStreamForErrorsOnly != nil && *d.UseStdErrorStreamForErrorsOnly,
		"the program's Information lines are kept":       level["Host.Function.Console"] == "Information",
		"no line is sampled away: alerts count lines":    !sampling.IsEnabled || slices.Contains(strings.Split(sampling.ExcludedTypes, ";"), "Trace"),
		// Dependency items have the forwarded URL with its query, and so keys and signatures
		// (seen on host 4.1037).
		"no forwarded URL is kept":                      dependencies != nil && !*dependencies,
		"a poll writes no Executing and Executed lines": level["Function"] == "Warning",
		"the timers' own lines are kept":                level["Function.RefreshSweep.User"] == "Information" && level["Function.RefreshSchedule.User"] == "Information",
	} {
		if !kept {
			f.add("host.json: not kept: %s", what)
		}
	}
	return f
}

func providerRules(t Tree) (f findings) {
	c, err := t.Config()
	if err != nil {
		return findings{err.Error()}
	}
	if c.Providers["azurerm"] == nil || c.Providers["azapi"] == nil {
		return findings{"both providers are configured here"}
	}
	if literal(c.Providers["azurerm"].Body.Attributes["storage_use_azuread"]) != true {
		f.add("the provider must have storage_use_azuread = true: the accounts have no keys")
	}
	for name, variable := range c.Variables {
		if literal(variable.Body.Attributes["sensitive"]) == true {
			f.add("variable %s is sensitive: nothing here may be a secret", name)
		}
	}
	return f
}

// engineRules: no word that only OpenTofu or only Terraform knows.
func engineRules(t Tree) (f findings) {
	for name, b := range t.Files("infra", ".tf") {
		for _, word := range []string{"provider::", "encryption {", "terraform_data", "ephemeral \"", "action \""} {
			if strings.Contains(string(b), word) {
				f.add("%s: %s", name, word)
			}
		}
	}
	if len(t.Files("infra", ".tofu")) > 0 {
		f.add("files for OpenTofu alone")
	}
	return f
}

// plain turns a value into what Go has for it: bool, float64, string, []any,
// map[string]any, nil. What is unknown is the string "(unknown)".
func plain(v cty.Value) any {
	switch {
	case v == cty.NilVal || v.IsKnown() && v.IsNull():
		return nil
	case !v.IsKnown():
		return "(unknown)"
	case v.Type() == cty.String:
		return v.AsString()
	case v.Type() == cty.Bool:
		return v.True()
	case v.Type() == cty.Number:
		f, _ := v.AsBigFloat().Float64()
		return f
	case v.Type().IsObjectType() || v.Type().IsMapType():
		object := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			key, value := it.Element()
			object[key.AsString()] = plain(value)
		}
		return object
	default:
		list := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, value := it.Element()
			list = append(list, plain(value))
		}
		return list
	}
}

// literal is what a constant says; nil if there is none.
func literal(a *hclsyntax.Attribute) any {
	if a == nil {
		return nil
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() {
		return nil
	}
	return plain(v)
}
