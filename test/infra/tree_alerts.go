package checks

import (
	"fmt"
	"slices"
	"strings"

	"pbirefresh/internal/hostlog"
	"pbirefresh/test/infra/config"
)

// catalogueRules: each alert asks for one event of the catalogue and what is promised of
// it, each event has an alert, and each alert can be switched off.
func catalogueRules(t Tree, plan, _ *config.Plan) (f findings) {
	rung := map[string]bool{}
	for _, a := range of(plan, alertType) {
		if !strings.Contains(string(t["infra/variables_watch.tf"]), `"`+keyOf(a)+`"`) {
			f.add("alerts_off does not know %s", a.Address)
		}
		event, found := asked(a.Address, text(a.Body.Blocks["criteria"][0], "query"))
		f = append(f, found...)
		if event == "" && len(found) == 0 {
			f.add("%s must ask for one event", a.Address)
		}
		rung[event] = true
		f = append(f, dimensionRules(a)...)
	}
	for _, e := range hostlog.Events() {
		if !rung[e.Name] {
			f.add("no alert rings for %s", e.Name)
		}
	}
	return f
}

// dimensionRules: an alert is split by columns of its query.
func dimensionRules(a config.Instance) (f findings) {
	criteria := a.Body.Blocks["criteria"][0]
	q, _ := parseKusto(text(criteria, "query")) // its errors are found by asked
	for _, d := range criteria.Blocks["dimension"] {
		if name := text(d, "name"); q.Columns[name] != "string" {
			f.add("%s is split by %s, which is no text column of its query", a.Address, name)
		}
	}
	return f
}

const alertType = "azurerm_monitor_scheduled_query_rules_alert_v2"

// keyOf is failed of ...this["failed"].
func keyOf(i config.Instance) string {
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
