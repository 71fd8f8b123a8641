package funchost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// AuthLevel is who may call an HTTP function.
type AuthLevel string

// The levels that the fake knows. The host's other ones ("user", "system")
// are for extensions.
const (
	Anonymous     AuthLevel = "anonymous"
	FunctionLevel AuthLevel = "function"
	Admin         AuthLevel = "admin"
)

// A Function is one function.json with exactly one trigger.
type Function struct {
	Name     string
	Disabled bool
	HTTP     *HTTPTrigger  // nil, or
	Timer    *TimerTrigger // nil
}

// An HTTPTrigger is an httpTrigger binding and its http output.
type HTTPTrigger struct {
	Route     string // full template with the prefix, no leading slash
	Methods   []string
	AuthLevel AuthLevel

	template template
}

// A TimerTrigger is a timerTrigger binding.
type TimerTrigger struct {
	Binding      string // name of the binding: the key of the payload
	Schedule     string // with app settings filled in
	RunOnStartup bool
	UseMonitor   bool

	schedule schedule
}

type binding struct {
	Type      string
	Direction string
	Name      string

	// httpTrigger
	AuthLevel *AuthLevel
	Methods   []string
	Route     *string

	// timerTrigger
	Schedule     string
	RunOnStartup bool
	UseMonitor   *bool
}

// members lists what each binding may say. The host ignores what it does not
// know; here a misspelt authLevel must not pass for the default.
var members = map[string][]string{
	"httptrigger":  {"type", "direction", "name", "authlevel", "methods", "route"},
	"http":         {"type", "direction", "name"},
	"timertrigger": {"type", "direction", "name", "schedule", "runonstartup", "usemonitor"},
}

var bindingName = regexp.MustCompile(`^(\$return|[A-Za-z][A-Za-z0-9]*)$`)

func parseFunction(name string, document []byte, prefix string, forwarding bool, settings map[string]string) (*Function, error) {
	bindings, disabled, err := parseBindings(document)
	if err != nil {
		return nil, err
	}
	f := &Function{Name: name, Disabled: disabled || isDisabled(name, settings)}
	trigger, outputs, err := split(bindings)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(trigger.Type, "timerTrigger") {
		if len(outputs) > 0 {
			return nil, errors.New("a timerTrigger with an output binding is not supported")
		}
		f.Timer, err = newTimerTrigger(trigger, settings)
		return f, err
	}
	switch {
	case len(outputs) != 1:
		return nil, fmt.Errorf("has %d http outputs: the host forwards requests only with exactly one httpTrigger and one http output", len(outputs))
	case !forwarding:
		return nil, errors.New("httpTrigger without customHandler.enableForwardingHttpRequest in host.json is not supported")
	}
	f.HTTP, err = newHTTPTrigger(name, prefix, trigger)
	return f, err
}

func parseBindings(document []byte) ([]binding, bool, error) {
	var file struct {
		Schema     string `json:"$schema"`
		Bindings   []json.RawMessage
		Disabled   bool
		ScriptFile string
		EntryPoint string
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, false, fmt.Errorf("not valid: %w", err)
	}
	if decoder.More() {
		return nil, false, errors.New("not valid: text after the document")
	}
	bindings := make([]binding, len(file.Bindings))
	for i, raw := range file.Bindings {
		var err error
		if bindings[i], err = parseBinding(raw); err != nil {
			return nil, false, fmt.Errorf("bindings[%d]: %w", i, err)
		}
	}
	return bindings, file.Disabled, nil
}

func parseBinding(raw json.RawMessage) (binding, error) {
	var b binding
	var said map[string]json.RawMessage
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("not valid: %w", err)
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return b, fmt.Errorf("not valid: %w", err)
	}
	known := members[strings.ToLower(b.Type)]
	if known == nil {
		return b, fmt.Errorf("type %q is not supported: only httpTrigger, http and timerTrigger are", b.Type)
	}
	for member := range said {
		if !slices.Contains(known, strings.ToLower(member)) {
			return b, fmt.Errorf("%s does not know %q", b.Type, member)
		}
	}
	want := "in"
	if strings.EqualFold(b.Type, "http") {
		want = "out"
	}
	if !strings.EqualFold(b.Direction, want) {
		return b, fmt.Errorf("%s has direction %q, must be %q", b.Type, b.Direction, want)
	}
	if !bindingName.MatchString(b.Name) {
		return b, fmt.Errorf("%s has the name %q, must be letters and digits", b.Type, b.Name)
	}
	return b, nil
}

// split finds the one trigger.
func split(bindings []binding) (trigger binding, outputs []binding, err error) {
	triggers := 0
	for _, b := range bindings {
		if strings.EqualFold(b.Type, "http") {
			outputs = append(outputs, b)
			continue
		}
		trigger = b
		triggers++
	}
	if triggers != 1 {
		return binding{}, nil, fmt.Errorf("has %d triggers, must have exactly one", triggers)
	}
	return trigger, outputs, nil
}

func isDisabled(name string, settings map[string]string) bool {
	for _, key := range []string{"AzureWebJobs." + name + ".Disabled", "AzureWebJobs_" + name + "_Disabled"} {
		if value, _ := lookup(settings, key); value == "1" || strings.EqualFold(value, "true") {
			return true
		}
	}
	return false
}

var knownMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
}

func newHTTPTrigger(name, prefix string, b binding) (*HTTPTrigger, error) {
	t := &HTTPTrigger{Route: name, AuthLevel: FunctionLevel}
	if b.Route != nil && *b.Route != "" {
		t.Route = *b.Route
	}
	if err := checkReserved(t.Route); err != nil {
		return nil, fmt.Errorf("route %q: %w", t.Route, err)
	}
	if prefix != "" {
		t.Route = prefix + "/" + t.Route
	}
	if b.AuthLevel != nil {
		t.AuthLevel = AuthLevel(strings.ToLower(string(*b.AuthLevel)))
	}
	if !slices.Contains([]AuthLevel{Anonymous, FunctionLevel, Admin}, t.AuthLevel) {
		return nil, fmt.Errorf("authLevel is %q, must be anonymous, function or admin", *b.AuthLevel)
	}
	for _, method := range b.Methods {
		method = strings.ToUpper(method)
		if !slices.Contains(knownMethods, method) {
			return nil, fmt.Errorf("methods: %q is no HTTP method", method)
		}
		t.Methods = append(t.Methods, method)
	}
	var err error
	if t.template, err = parseTemplate(t.Route); err != nil {
		return nil, fmt.Errorf("route %q: %w", t.Route, err)
	}
	return t, nil
}

// takes reports whether a trigger lists a method; without a list it takes any.
func (t *HTTPTrigger) takes(method string) bool {
	return len(t.Methods) == 0 || slices.Contains(t.Methods, strings.ToUpper(method))
}

func newTimerTrigger(b binding, settings map[string]string) (*TimerTrigger, error) {
	text, err := resolve(b.Schedule, settings)
	if err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	t := &TimerTrigger{Binding: b.Name, Schedule: text, RunOnStartup: b.RunOnStartup, UseMonitor: b.UseMonitor == nil || *b.UseMonitor}
	if t.schedule, err = parseSchedule(text); err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	return t, nil
}

// resolve fills in %SETTING%. Unlike in a command line, one that is missing is
// an error.
func resolve(text string, settings map[string]string) (string, error) {
	var missing error
	resolved := variable.ReplaceAllStringFunc(text, func(s string) string {
		value, _ := lookup(settings, strings.Trim(s, "%"))
		if value == "" && missing == nil {
			missing = fmt.Errorf("%s does not resolve to a value: add the app setting %s", s, strings.Trim(s, "%"))
		}
		return value
	})
	return resolved, missing
}
