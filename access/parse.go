package access

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"pbirefresh/internal/guid"
)

// Schema is the JSON Schema of a policy, for editors.
//
//go:embed policy.schema.json
var Schema []byte

// MaxPolicy is the largest policy, in bytes.
const MaxPolicy = 256 << 10

// Bounds of what is in one.
const (
	maxList = 1000
	maxText = 200
)

var (
	keyName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)
	digest  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Parse reads a policy. Its error joins everything that is wrong, each with the path
// of the member, and repeats no value.
func Parse(text []byte) (*Policy, error) {
	if len(text) > MaxPolicy {
		return nil, fmt.Errorf("the policy is larger than %d KiB", MaxPolicy>>10)
	}
	if err := wellFormed(text); err != nil {
		return nil, err
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, errors.New("the policy is not valid JSON")
	}
	r := &reader{}
	p := r.policy(document)
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	return p, nil
}

// reader reads a decoded document and collects what is wrong with it.
type reader struct{ problems []error }

func (r *reader) problem(path, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

func (r *reader) policy(document any) *Policy {
	top := r.object("policy", document, []string{"$schema", "version", "keys", "rules"}, []string{"version", "rules"})
	if top == nil {
		return nil
	}
	if version, there := top["version"]; there && version != float64(1) {
		r.problem("version", "must be 1")
	}
	p := &Policy{keys: map[string]string{}}
	if schema, there := top["$schema"]; there {
		r.text("$schema", schema, func(string) bool { return true }, "a text")
	}
	if keys, there := top["keys"]; there {
		r.keys(p, keys)
	}
	for i, v := range r.list("", top, "rules") {
		p.rules = append(p.rules, r.rule(fmt.Sprintf("rules[%d]", i), v, p))
	}
	return p
}

// keys reads names and hashes. Its paths count keys and do not name them: a key in the
// place of its name must not be repeated.
func (r *reader) keys(p *Policy, v any) {
	named, ok := v.(map[string]any)
	if !ok || len(named) > maxList {
		r.problem("keys", "must be an object of at most %d members: name and SHA-256", maxList)
		return
	}
	for i, name := range slices.Sorted(maps.Keys(named)) {
		path := fmt.Sprintf("keys (number %d by name)", i+1)
		if !keyName.MatchString(name) {
			r.problem(path, "the name must be 1 to 64 letters, digits, dots, dashes and underscores")
			continue
		}
		hash := r.text(path, named[name], digest.MatchString, "the SHA-256 of the function key, 64 hexadecimal digits in lower case")
		if other, taken := p.keys[hash]; taken && hash != "" {
			r.problem(path, "has the hash of %s", other)
		}
		p.keys[hash] = name
	}
}

func (r *reader) rule(path string, v any, p *Policy) rule {
	o := r.object(path, v, []string{"name", "callers", "may", "models"}, []string{"callers", "may", "models"})
	if o == nil {
		return rule{}
	}
	if name, there := o["name"]; there {
		r.text(path+".name", name, func(s string) bool { return len(s) <= maxText }, "a text of at most 200 bytes")
	}
	var made rule
	for i, c := range r.list(path+".", o, "callers") {
		made.callers = append(made.callers, r.matcher(fmt.Sprintf("%s.callers[%d]", path, i), c, p))
	}
	for i, a := range r.list(path+".", o, "may") {
		known := func(s string) bool { return slices.Contains(Actions(), Action(s)) }
		made.may = append(made.may, Action(r.text(fmt.Sprintf("%s.may[%d]", path, i), a, known, "trigger, cancel or cancel-all")))
	}
	for i, m := range r.list(path+".", o, "models") {
		made.models = append(made.models, strings.ToLower(r.text(fmt.Sprintf("%s.models[%d]", path, i), m, validModel, "*, workspaceId or workspaceId/datasetId (GUIDs)")))
	}
	return made
}

func (r *reader) matcher(path string, v any, p *Policy) matcher {
	o := r.object(path, v, []string{"objectId", "appId", "tenantId", "role", "key", "anyone"}, nil)
	if o == nil {
		return matcher{}
	}
	var m matcher
	for name, field := range map[string]*string{"objectId": &m.objectID, "appId": &m.appID, "tenantId": &m.tenantID} {
		if v, there := o[name]; there {
			*field = strings.ToLower(r.text(path+"."+name, v, guid.Valid, "a GUID"))
		}
	}
	if v, there := o["role"]; there {
		m.role = r.text(path+".role", v, func(s string) bool { return s != "" && len(s) <= maxText }, "the value of an app role")
	}
	if v, there := o["key"]; there {
		named := func(s string) bool { return slices.Contains(slices.Collect(maps.Values(p.keys)), s) }
		m.key = r.text(path+".key", v, named, "a name from keys")
	}
	if v, there := o["anyone"]; there {
		if m.any, _ = v.(bool); !m.any || len(o) > 1 {
			r.problem(path+".anyone", "must be true, and stand alone")
		}
	}
	if len(o) == 0 {
		r.problem(path, `is empty: it would match everybody. Say {"anyone": true} if that is meant`)
	}
	return m
}

// object checks the names of the members.
func (r *reader) object(path string, v any, known, required []string) map[string]any {
	o, ok := v.(map[string]any)
	if !ok {
		r.problem(path, "must be an object")
		return nil
	}
	for name := range o {
		if !slices.Contains(known, name) {
			r.problem(path, "has a member that is not one of %s", strings.Join(known, ", "))
		}
	}
	for _, name := range required {
		if _, there := o[name]; !there {
			r.problem(path, "has no member %s", name)
		}
	}
	return o
}

// list reads an array that must be there; that it is missing is told elsewhere.
func (r *reader) list(path string, o map[string]any, name string) []any {
	v, there := o[name]
	l, ok := v.([]any)
	if there && (!ok || len(l) == 0 || len(l) > maxList) {
		r.problem(path+name, "must be an array of 1 to %d elements", maxList)
		return nil
	}
	return l
}

func (r *reader) text(path string, v any, valid func(string) bool, what string) string {
	s, ok := v.(string)
	if !ok || !valid(s) {
		r.problem(path, "must be %s", what)
		return ""
	}
	return s
}
