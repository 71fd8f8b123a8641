package checks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// function is an HTTP function. Its route has the parameters without their constraints.
type function struct {
	name, template, route, level string
	methods                      []string
}

// constraint ends what a route parameter may say after its name: the alphabet of ids,
// and nothing else.
const constraint = ":regex(^[A-Za-z0-9_-]+$)}"

var parameter = regexp.MustCompile(`\{[^{}]*\}`)

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
				route := "/api/" + strings.ReplaceAll(binding.Route, constraint, "}")
				all = append(all, function{strings.Split(path, "/")[1], binding.Route, route, binding.AuthLevel, binding.Methods})
			}
		}
	}
	return all, nil
}

// openRoutes: Easy Auth lets through without a token what the host lets through without a
// key, and nothing else.
func openRoutes(t Tree, _, open *Plan) (f findings) {
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
		if fn.level != "anonymous" && excluded(paths, path) {
			f.add("Easy Auth lets everybody through to %s", fn.route)
		}
	}
	return f
}

// doorRules: the host authorizes the function that a path finds, then resolves
// backslashes and dot segments, and forwards the result. So a parameter takes no such
// character, and a function that needs no key takes no method that changes anything.
func doorRules(t Tree) (f findings) {
	all, err := httpFunctions(t)
	if err != nil {
		return findings{err.Error()}
	}
	for _, fn := range all {
		for _, p := range parameter.FindAllString(fn.template, -1) {
			if !strings.HasSuffix(p, constraint) {
				f.add("%s: the route parameter %s must end in %s", fn.name, p, constraint)
			}
		}
		if writes := func(m string) bool { return m != "get" && m != "head" }; fn.level == "anonymous" && (len(fn.methods) == 0 || slices.ContainsFunc(fn.methods, writes)) {
			f.add("%s is anonymous and takes %q: it must take get and head only", fn.name, fn.methods)
		}
	}
	return f
}
