package checks

import (
	"regexp"
	"slices"
	"strings"

	"pbirefresh/infra/checks/config"
	"pbirefresh/infra/checks/kql"
	"pbirefresh/internal/hostlog"
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
	}
	for _, e := range hostlog.Events() {
		if !rung[e.Name] {
			f.add("no alert rings for %s", e.Name)
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

var eventAsked = regexp.MustCompile(`tostring\(line\.event\) == "([^"]+)"`)

// plainMembers are those of lines for people that a query without an event may show.
var plainMembers = []string{"level", "msg", "model", "code", "cause"}

// asked is the event that a query asks for, if any, and what is wrong with what it asks
// of lines.
func asked(who, query string) (event string, f findings) {
	q, err := kql.Parse(query)
	if err != nil {
		f.add("%s: %v", who, err)
		return "", f
	}
	known := plainMembers
	if names := eventAsked.FindAllStringSubmatch(query, -1); len(names) > 1 {
		f.add("%s must ask for one event", who)
	} else if len(names) == 1 {
		event = names[0][1]
		i := slices.IndexFunc(hostlog.Events(), func(e hostlog.Event) bool { return e.Name == event })
		if i < 0 {
			f.add("%s waits for %s, which is not in the catalogue", who, event)
			return event, f
		}
		known = slices.Concat([]string{hostlog.EventKey}, hostlog.Events()[i].Attributes, hostlog.Events()[i].Sometimes)
	}
	for _, m := range q.Members {
		if of, key, _ := strings.Cut(m, "."); of == "line" && !slices.Contains(known, key) {
			f.add("%s asks for %s, which %s does not promise", who, m, event)
		}
	}
	return event, f
}
