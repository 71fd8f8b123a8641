package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"pbirefresh/internal/hostlog"
)

// alert is a rule of infra/alert_rules.tf.
type alert struct {
	query string
	by    []string
}

// alertsOf reads the alert rules: their queries are constants, and what is not is left open.
func alertsOf(t Tree) (map[string]alert, error) {
	c, err := t.Config()
	if err != nil {
		return nil, err
	}
	open := &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.DynamicVal}}
	values := map[string]cty.Value{}
	for _, name := range []string{"lines", "rules"} {
		if c.Locals[name] == nil {
			return nil, fmt.Errorf("infra/ has no local %s", name)
		}
		v, diags := c.Locals[name].Value(open)
		if diags.HasErrors() {
			return nil, diags
		}
		values[name] = v
	}
	all := map[string]alert{}
	for key, rule := range values["rules"].AsValueMap() {
		a := alert{query: values["lines"].AsString() + " | " + rule.GetAttr("query").AsString()}
		for _, by := range rule.GetAttr("by").AsValueSlice() {
			a.by = append(a.by, by.AsString())
		}
		all[key] = a
	}
	return all, nil
}

// catalogueRules: each alert asks for one event of the catalogue and what is promised of
// it, each event has an alert, and each alert can be switched off.
func catalogueRules(t Tree) (f findings) {
	alerts, err := alertsOf(t)
	if err != nil {
		return findings{err.Error()}
	}
	waited := map[string]bool{}
	for key, a := range alerts {
		if !strings.Contains(string(t["infra/variables_watch.tf"]), `"`+key+`"`) {
			f.add("alerts_off does not know the alert %s", key)
		}
		event, found := asked("the alert "+key, a.query)
		f = append(f, found...)
		if event == "" && len(found) == 0 {
			f.add("the alert %s must ask for one event", key)
		}
		waited[event] = true
		f = append(f, dimensionRules(key, a)...)
	}
	for _, e := range hostlog.Events() {
		if !waited[e.Name] {
			f.add("no alert waits for %s", e.Name)
		}
	}
	return f
}

// dimensionRules: an alert is split by columns of its query.
func dimensionRules(key string, a alert) (f findings) {
	q, _ := parseKusto(a.query) // its errors are found by asked
	for _, name := range a.by {
		if q.Columns[name] != "string" {
			f.add("the alert %s is split by %s, which is no text column of its query", key, name)
		}
	}
	return f
}

// plannedAlerts: OpenTofu plans the alerts that were read, and each leads to its section.
func plannedAlerts(t Tree, plan, _ *Plan) (f findings) {
	alerts, err := alertsOf(t)
	if err != nil {
		return findings{err.Error()}
	}
	planned := of(plan, alertType)
	if len(planned) != len(alerts) {
		f.add("%d alerts are planned, and infra/alert_rules.tf has %d", len(planned), len(alerts))
	}
	for _, a := range planned {
		key, criteria := keyOf(a), a.Body.Blocks["criteria"][0]
		var by []string
		for _, d := range criteria.Blocks["dimension"] {
			by = append(by, text(d, "name"))
		}
		if read := alerts[key]; text(criteria, "query") != read.query || !slices.Equal(by, read.by) {
			f.add("%s is planned with the query %q by %v, and infra/alert_rules.tf says %q by %v", a.Address, text(criteria, "query"), by, read.query, read.by)
		}
		if !strings.HasSuffix(text(a.Body, "description"), "/docs/runbook.md#"+key) {
			f.add("%s does not lead to its section: %s", a.Address, text(a.Body, "description"))
		}
	}
	return f
}

const alertType = "azurerm_monitor_scheduled_query_rules_alert_v2"

// keyOf is failed of ...this["failed"].
func keyOf(i Instance) string {
	_, key, _ := strings.Cut(i.Address, `["`)
	return strings.TrimSuffix(key, `"]`)
}

// plainMembers are those of lines for people that a query without an event may read.
var plainMembers = []string{"level", "msg", "model", "code", "cause"}

// consoleCategory is the one that the host gives to the lines of the program.
const consoleCategory = "[Host.Function.Console]"

// asked returns the event that a query asks for, if it is one, and what is wrong with the query:
// as Kusto, and against the catalogue.
func asked(who, query string) (event string, f findings) {
	q, err := parseKusto(query)
	if err != nil {
		return "", findings{who + ": " + err.Error()}
	}
	for _, problem := range q.Errors {
		f.add("%s: %s", who, problem)
	}
	events := q.Equal["line.event"]
	known := map[string][]string{"customDimensions": {"Category"}, "line": plainMembers}
	if len(events) > 0 {
		known["line"] = []string{hostlog.EventKey}
	}
	for _, name := range events {
		i := slices.IndexFunc(hostlog.Events(), func(e hostlog.Event) bool { return e.Name == name })
		if i < 0 {
			f.add("%s waits for %s, which is not in the catalogue", who, name)
			return name, f
		}
		known["line"] = slices.Concat(known["line"], hostlog.Events()[i].Attributes, hostlog.Events()[i].Sometimes)
	}
	if len(events) == 1 {
		event = events[0]
	}
	for _, m := range q.Members {
		of, key, _ := strings.Cut(m, ".")
		if !slices.Contains(known[of], key) {
			f.add("%s asks for %s, which %s does not promise", who, m, strings.Join(events, ", "))
		}
		if of == "line" && fmt.Sprint(q.Equal["customDimensions.Category"]) != consoleCategory {
			f.add("%s must read lines of the category %s only", who, consoleCategory)
		}
	}
	return event, f
}
