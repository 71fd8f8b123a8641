package checks

import (
	"slices"
)

// alertRules: every rule rings somewhere, and asks in steps that the service takes
// (documented with the resource; others are refused).
func alertRules(p *Plan) (f findings) {
	groups := len(of(p, "azurerm_monitor_action_group"))
	for _, a := range of(p, "azurerm_monitor_scheduled_query_rules_alert_v2") {
		if !slices.Contains([]string{"PT5M", "PT10M", "PT15M", "PT30M", "PT1H"}, text(a.Body, "evaluation_frequency")) ||
			!slices.Contains([]string{"PT15M", "PT30M", "PT1H", "P1D"}, text(a.Body, "window_duration")) {
			f.add("%s: every %s over %s", a.Address, text(a.Body, "evaluation_frequency"), text(a.Body, "window_duration"))
		}
		if compact(a.Body.Attributes["scopes"]) != `["\u003cazurerm_application_insights.this.id\u003e"]` {
			f.add("%s does not ask the app's own Application Insights", a.Address)
		}
		if text(a.Body, "description") == "" {
			f.add("%s says nothing about what to do", a.Address)
		}
		if n := len(a.Body.Blocks["action"][0].Attributes["action_groups"].([]any)); n < groups {
			f.add("%s has too few action groups", a.Address)
		}
	}
	for _, b := range of(p, "azurerm_consumption_budget_resource_group") {
		if start := text(b.Body.Blocks["time_period"][0], "start_date"); len(start) != 20 || start[7:] != "-01T00:00:00Z" {
			f.add("%s begins at %s: must be the first of a month", b.Address, start)
		}
	}
	return f
}
