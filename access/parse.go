package access

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"pbirefresh/internal/guid"
	"pbirefresh/internal/httpjson"
)

// policySchema is the JSON Schema of a policy, for editors.
//
//go:embed policy.schema.json
var policySchema []byte

// MaxPolicy is the largest policy, in bytes.
const MaxPolicy = 256 << 10

// Bounds of what is in one.
const (
	maxList  = 1000
	maxText  = 200
	maxDepth = 8 // deeper than any policy is
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
	document, err := httpjson.Parse(text, maxDepth)
	if err != nil {
		return nil, unreadable(err)
	}
	r := &reader{}
	p := r.policy(document)
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	return p, nil
}

// unreadable says why a policy cannot be read, without a character of it.
func unreadable(err error) error {
	var wrong *httpjson.Error
	if !errors.As(err, &wrong) {
		return err
	}
	if wrong.Kind == httpjson.Syntax {
		return fmt.Errorf("the policy is not valid JSON (near byte %d)", wrong.Offset)
	}
	return fmt.Errorf("the policy is refused: %s (near byte %d)", wrong.Reason, wrong.Offset)
}

// reader reads a document and collects what is wrong with it.
type reader struct{ problems []error }

func (r *reader) problem(path, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

func (r *reader) policy(document httpjson.Value) *Policy {
	top, ok := r.object("policy", document, []string{"$schema", "version", "keys", "rules"}, []string{"version", "rules"})
	if !ok {
		return nil
	}
	if version := top.Member("version"); !version.Missing() && version.Raw() != "1" {
		r.problem("version", "must be 1")
	}
	p := &Policy{keys: map[string]string{}}
	if schema := top.Member("$schema"); !schema.Missing() {
		r.text("$schema", schema, func(string) bool { return true }, "a text")
	}
	if keys := top.Member("keys"); !keys.Missing() {
		r.keys(p, keys)
	}
	for i, v := range r.list("", top, "rules") {
		p.rules = append(p.rules, r.rule(fmt.Sprintf("rules[%d]", i), v, p))
	}
	return p
}

// keys reads names and hashes. Its paths count keys and do not name them: a key in the
// place of its name must not be repeated.
func (r *reader) keys(p *Policy, v httpjson.Value) {
	if v.Type() != httpjson.Object || v.Len() > maxList {
		r.problem("keys", "must be an object of at most %d members: name and SHA-256", maxList)
		return
	}
	named := map[string]httpjson.Value{}
	for m := range v.Members() {
		named[m.Name] = m.Value
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

func (r *reader) rule(path string, v httpjson.Value, p *Policy) rule {
	o, ok := r.object(path, v, []string{"name", "callers", "may", "models"}, []string{"callers", "may", "models"})
	if !ok {
		return rule{}
	}
	if name := o.Member("name"); !name.Missing() {
		r.text(path+".name", name, func(s string) bool { return len(s) <= maxText }, "a text of at most 200 bytes")
	}
	var made rule
	for i, c := range r.list(path+".", o, "callers") {
		made.callers = append(made.callers, r.matcher(fmt.Sprintf("%s.callers[%d]", path, i), c, p))
	}
	for i, a := range r.list(path+".", o, "may") {
		known := func(s string) bool { return slices.Contains(Actions(), Action(s)) }
		made.may = append(made.may, Action(r.text(fmt.Sprintf("%s.may[%d]", path, i), a, known, "trigger, read, cancel or cancel-all")))
	}
	for i, m := range r.list(path+".", o, "models") {
		made.models = append(made.models, strings.ToLower(r.text(fmt.Sprintf("%s.models[%d]", path, i), m, validModel, "*, workspaceId or workspaceId/datasetId (GUIDs)")))
	}
	return made
}

func (r *reader) matcher(path string, v httpjson.Value, p *Policy) matcher {
	o, ok := r.object(path, v, []string{"objectId", "appId", "tenantId", "role", "key", "anyone"}, nil)
	if !ok {
		return matcher{}
	}
	var m matcher
	for name, field := range map[string]*string{"objectId": &m.objectID, "appId": &m.appID, "tenantId": &m.tenantID} {
		if v := o.Member(name); !v.Missing() {
			*field = strings.ToLower(r.text(path+"."+name, v, guid.Valid, "a GUID"))
		}
	}
	if v := o.Member("role"); !v.Missing() {
		m.role = r.text(path+".role", v, func(s string) bool { return s != "" && len(s) <= maxText }, "the value of an app role")
	}
	if v := o.Member("key"); !v.Missing() {
		named := func(s string) bool { return slices.Contains(slices.Collect(maps.Values(p.keys)), s) }
		m.key = r.text(path+".key", v, named, "a name from keys")
	}
	if v := o.Member("anyone"); !v.Missing() {
		if m.any = v.Raw() == "true"; !m.any || o.Len() > 1 {
			r.problem(path+".anyone", "must be true, and stand alone")
		}
	}
	if o.Len() == 0 {
		r.problem(path, `is empty: it would match everybody. Say {"anyone": true} if that is meant`)
	}
	return m
}

// object checks that v is an object, and the names of its members.
func (r *reader) object(path string, v httpjson.Value, known, required []string) (httpjson.Value, bool) {
	if v.Type() != httpjson.Object {
		r.problem(path, "must be an object")
		return v, false
	}
	for m := range v.Members() {
		if !slices.Contains(known, m.Name) {
			r.problem(path, "has a member that is not one of %s", strings.Join(known, ", "))
		}
	}
	for _, name := range required {
		if v.Member(name).Missing() {
			r.problem(path, "has no member %s", name)
		}
	}
	return v, true
}

// list reads an array that must be there; that it is missing is reported elsewhere.
func (r *reader) list(path string, o httpjson.Value, name string) []httpjson.Value {
	v := o.Member(name)
	if n := v.Len(); !v.Missing() && (v.Type() != httpjson.Array || n == 0 || n > maxList) {
		r.problem(path+name, "must be an array of 1 to %d elements", maxList)
		return nil
	}
	return slices.Collect(v.Items())
}

func (r *reader) text(path string, v httpjson.Value, valid func(string) bool, what string) string {
	s, ok := v.Text()
	if !ok || !valid(s) {
		r.problem(path, "must be %s", what)
		return ""
	}
	return s
}
