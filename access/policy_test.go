package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	finance = "11111111-1111-1111-1111-111111111111"
	sales   = "22222222-2222-2222-2222-222222222222"
	ledger  = "33333333-3333-3333-3333-333333333333"
	orders  = "44444444-4444-4444-4444-444444444444"
)

func mustParse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func rules(list string) string {
	return `{"version":1,"keys":{"adf":"` + hash("k1") + `"},"rules":` + list + `}`
}

// What no rule allows is denied; what one allows is allowed, to its callers only.
func TestPermits(t *testing.T) {
	t.Parallel()
	p := mustParse(t, rules(`[
		{"name":"finance","callers":[{"objectId":"`+strings.ToUpper(ada)+`"},{"key":"adf"}],"may":["trigger"],"models":["`+strings.ToUpper(finance)+`"]},
		{"callers":[{"role":"Refresher","tenantId":"`+tenant+`"}],"may":["trigger","cancel"],"models":["`+sales+`/`+orders+`"]},
		{"callers":[{"appId":"`+bob+`"}],"may":["cancel-all"],"models":["*"]}
	]`))
	person := Caller{Principal: Principal{ObjectID: ada, TenantID: tenant}}
	role := Caller{Principal: Principal{ObjectID: bob, TenantID: tenant, Roles: []string{"Reader", "Refresher"}}}
	stranger := Caller{Principal: Principal{ObjectID: bob, TenantID: ada, Roles: []string{"Refresher"}}}
	key, app := Caller{Key: "adf"}, Caller{Principal: Principal{AppID: bob}}
	for _, tt := range []struct {
		caller         Caller
		action         Action
		workspace, set string
		want           bool
	}{
		{person, Trigger, finance, ledger, true},
		{person, Cancel, finance, ledger, false},
		{person, Trigger, sales, ledger, false},
		{key, Trigger, finance, orders, true},
		{Caller{Key: "other"}, Trigger, finance, orders, false},
		{Caller{digest: hash("k1")}, Trigger, finance, orders, false}, // a key is known by its name
		{Caller{}, Trigger, finance, ledger, false},
		{role, Trigger, sales, orders, true},
		{role, Cancel, sales, orders, true},
		{role, CancelAll, sales, orders, false},
		{role, Trigger, sales, ledger, false},
		{stranger, Trigger, sales, orders, false}, // the role of another tenant
		{app, CancelAll, finance, ledger, true},
		{app, Cancel, finance, ledger, false}, // more is not everything
		{person, "delete", finance, ledger, false},
	} {
		if got := (Gate{Policy: p}).Permits(tt.caller, tt.action, tt.workspace, tt.set); got != tt.want {
			t.Errorf("%s may %s %s/%s: %v, want %v", tt.caller, tt.action, tt.workspace, tt.set, got, tt.want)
		}
		if !(Gate{}).Permits(tt.caller, tt.action, tt.workspace, tt.set) {
			t.Errorf("%s may not %s, without any policy", tt.caller, tt.action)
		}
	}
	anyone := mustParse(t, rules(`[{"callers":[{"anyone":true}],"may":["trigger"],"models":["*"]}]`))
	if !(Gate{Policy: anyone}).Permits(Caller{}, Trigger, sales, orders) || anyone.NeedsEasyAuth() || !p.NeedsEasyAuth() {
		t.Error("anyone is not everyone, or Easy Auth is not needed where it is")
	}
}

// The policy that the guide shows is one, and says what the guide says.
func TestTheGuidesPolicy(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.FromSlash("../docs/deploy.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(guide), "```json\n")
	text, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("the guide shows no policy")
	}
	p := mustParse(t, text)
	const workspace = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	for caller, want := range map[string]bool{"finance": true, "sales": false} {
		if (Gate{Policy: p}).Permits(Caller{Key: caller}, Trigger, workspace, orders) != want || (Gate{Policy: p}).Permits(Caller{Key: caller}, Trigger, sales, orders) {
			t.Errorf("%s may what it may not, or may not what it may", caller)
		}
	}
}

// Everything that is wrong is told at once, with its place and without its value.
func TestAllProblemsAreTold(t *testing.T) {
	t.Parallel()
	_, err := Parse([]byte(`{"version":2,"extra":1,"keys":{"a b":"` + hash("x") + `","short":"s3cret","twice":"` + hash("k1") + `","adf":"` + hash("k1") + `"},"rules":[
		{"callers":[{"objectId":"s3cret"},{"key":"nobody"},{"anyone":true,"role":"x"},{},{"role":""},7],"may":["delete"],"models":["s3cret"],"colour":"red"},
		{"callers":null,"may":[],"models":"*","name":1}, {}
	]}`))
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{
		"version: must be 1", "policy: has a member", "keys (number 1 by name)", "keys (number 3 by name)", "keys (number 4 by name): has the hash of adf",
		"rules[0].callers[0].objectId", "rules[0].callers[1].key", "rules[0].callers[2].anyone", "rules[0].callers[3]: is empty", "rules[0].callers[4].role",
		"rules[0].callers[5]: must be an object", "rules[0].may[0]", "rules[0].models[0]", "rules[0]: has a member", "rules[1].callers", "rules[1].may",
		"rules[1].models", "rules[1].name", "rules[2]: has no member callers", "rules[2]: has no member may", "rules[2]: has no member models",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "colour") {
		t.Errorf("a value is repeated:\n%v", err)
	}
}

func TestPoliciesThatAreNone(t *testing.T) {
	t.Parallel()
	good := rules(`[{"callers":[{"anyone":true}],"may":["trigger"],"models":["*"]}]`)
	mustParse(t, good)
	mustParse(t, "\ufeff"+good) // as editors on Windows write it
	for name, text := range map[string]string{
		"empty": "", "cut": good[:40], "an array": "[]", "null": "null", "after its end": good + "{}",
		"a member twice": strings.Replace(good, `"version":1`, `"version":1,"version":1`, 1),
		"a rule twice":   strings.Replace(good, `"may":["trigger"]`, `"may":["trigger"],"may":["cancel"]`, 1),
		"deep":           strings.Repeat("[", 40) + strings.Repeat("]", 40),
		"large":          strings.Replace(good, `"version"`, strings.Repeat(" ", MaxPolicy)+`"version"`, 1),
		"not UTF-8":      strings.Replace(good, "trigger", "trigg\xe4r", 1),
		"no rules":       `{"version":1,"rules":[]}`,
	} {
		if p, err := Parse([]byte(text)); err == nil || p != nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// FuzzParse: it never panics, is of one mind with the schema, and a policy that it
// takes still denies what nobody was given.
func FuzzParse(f *testing.F) {
	for _, text := range documents(f) {
		f.Add(text)
	}
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if problem := schema.check(text); problem != "" {
			t.Errorf("the parser takes what the schema refuses (%s):\n%s", problem, text)
		}
		if p.permits(Caller{}, "delete", finance, ledger) {
			t.Error("an action that does not exist is allowed")
		}
	})
}

// TestUnreadablePoliciesSayWhy: the error names the reason and the place, and no value.
func TestUnreadablePoliciesSayWhy(t *testing.T) {
	t.Parallel()
	good := rules(`[{"callers":[{"anyone":true}],"may":["trigger"],"models":["*"]}]`)
	for name, tt := range map[string]struct{ text, want string }{
		"UTF-16":         {"\xff\xfe{\x00}\x00", "UTF-16"},
		"not UTF-8":      {strings.Replace(good, "trigger", "trigg\xe4r", 1), "UTF-8"},
		"cut":            {good[:40], "is not valid JSON (near byte 40)"},
		"a member twice": {strings.Replace(good, `"version":1`, `"version":1,"version":1`, 1), "twice"},
	} {
		if _, err := Parse([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tt.want)
		}
	}
}
