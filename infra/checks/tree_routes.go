package checks

import (
	"encoding/json"
	"fmt"
	"strings"

	"pbirefresh/infra/checks/config"
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
