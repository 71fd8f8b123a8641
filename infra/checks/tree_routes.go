package checks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pbirefresh/infra/checks/config"
	"pbirefresh/infra/checks/kql"
	"pbirefresh/internal/hostlog"
)

type function struct {
	name, route, level string
	methods            []string
}

// httpFunctions are the routes of the app, from its function.json files.
func httpFunctions(t Tree) (all []function, err error) {
	for path, b := range t {
		if !strings.HasSuffix(path, "/function.json") {
			continue
		}
		var f struct {
			Bindings []struct {
				Type, AuthLevel, Route string
				Methods                []string
			}
		}
		if err := json.Unmarshal(b, &f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, binding := range f.Bindings {
			if binding.Type == "httpTrigger" {
				all = append(all, function{strings.Split(path, "/")[1], "/api/" + binding.Route, binding.AuthLevel, binding.Methods})
			}
		}
	}
	return all, nil
}

// openRoutes: Easy Auth lets through without a token what the host lets through without a
// key, and of the rest only what is below a status URL.
func openRoutes(t Tree, _, open *config.Plan) (f findings) {
	all, err := httpFunctions(t)
	if err != nil || len(all) < 5 {
		return findings{fmt.Sprintf("%d HTTP functions, %v", len(all), err)}
	}
	auth, err := easyAuthOf(open)
	if err != nil {
		return findings{err.Error()}
	}
	paths := auth.Properties.GlobalValidation.ExcludedPaths
	for _, fn := range all {
		path := strings.ReplaceAll(fn.route, "{id}", "AX5K")
		if fn.level == "anonymous" && !excluded(paths, path) {
			f.add("%s is anonymous, and Easy Auth asks for a token at %s", fn.name, fn.route)
		}
		if fn.level != "anonymous" && excluded(paths, path) && !strings.HasPrefix(fn.route, "/api/refreshes/{id}/") {
			f.add("Easy Auth lets everybody through to %s", fn.route)
		}
	}
	return f
}

// catalogueRules: each alert asks for one event of the catalogue and what is promised of
// it, and each event has an alert.
func catalogueRules(_ Tree, plan, _ *config.Plan) (f findings) {
	rung := map[string]bool{}
	for _, a := range of(plan, "azurerm_monitor_scheduled_query_rules_alert_v2") {
		query := text(a.Body.Blocks["criteria"][0], "query")
		q, err := kql.Parse(query)
		if err != nil {
			f.add("%s: %v", a.Address, err)
			continue
		}
		names := regexp.MustCompile(`tostring\(line\.event\) == "([^"]+)"`).FindAllStringSubmatch(query, -1)
		if len(names) != 1 {
			f.add("%s must ask for one event", a.Address)
			continue
		}
		i := slices.IndexFunc(hostlog.Events(), func(e hostlog.Event) bool { return e.Name == names[0][1] })
		if i < 0 {
			f.add("%s waits for %s, which is not in the catalogue", a.Address, names[0][1])
			continue
		}
		rung[names[0][1]] = true
		for _, m := range q.Members {
			of, key, _ := strings.Cut(m, ".")
			event := hostlog.Events()[i]
			if of == "line" && key != hostlog.EventKey && !slices.Contains(append(event.Attributes, event.Sometimes...), key) {
				f.add("%s asks for %s, which %s does not promise", a.Address, m, event.Name)
			}
		}
	}
	for _, e := range hostlog.Events() {
		if !rung[e.Name] {
			f.add("no alert rings for %s", e.Name)
		}
	}
	return f
}
