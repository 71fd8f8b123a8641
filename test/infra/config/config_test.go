package config

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"pbirefresh/test/infra/schema"
)

// cloud is a provider with one kind of resource.
func cloud() map[string]schema.Provider {
	text := schema.Type{Type: cty.String}
	thing := schema.Block{
		Attributes: map[string]schema.Attribute{
			"name": {Type: text, Required: true}, "size": {Type: schema.Type{Type: cty.Number}, Optional: true}, "id": {Type: text, Computed: true},
		},
		Blocks: map[string]schema.Nested{
			"one":  {Nesting: "list", Min: 0, Max: 1, Block: schema.Block{Attributes: map[string]schema.Attribute{"v": {Type: text, Optional: true}}}},
			"many": {Nesting: "set", Block: schema.Block{Attributes: map[string]schema.Attribute{"v": {Type: text, Optional: true}}}},
		},
	}
	return map[string]schema.Provider{"my": {Resources: map[string]schema.Versioned{"my_thing": {Block: thing}}, Data: map[string]schema.Versioned{"my_thing": {Block: thing}}}}
}

func plan(t *testing.T, text string, variables map[string]cty.Value) (*Plan, error) {
	t.Helper()
	c, err := Parse(map[string][]byte{"main.tf": []byte(text)})
	if err != nil {
		return nil, err
	}
	return c.NewPlan(cloud(), variables)
}

func TestPlan(t *testing.T) {
	t.Parallel()
	p, err := plan(t, `
variable "names" {
  description = "d"
  type        = object({ all = list(string), on = optional(bool, true) })
}
locals {
  long  = [for n in local.all : n if length(n) > 1]
  all   = var.names.all
  first = my_thing.each["bb"].id
  none  = try(my_thing.counted[0].id, "none")
}
resource "my_thing" "each" {
  for_each = toset(local.long)
  name     = "x-${each.key}"
  dynamic "many" {
    for_each = { k = "v" }
    content { v = "${many.key}=${many.value}" }
  }
}
resource "my_thing" "counted" {
  count      = var.names.on ? 0 : 1
  name       = "never"
  depends_on = [my_thing.each]
}
data "my_thing" "found" { name = local.first }
output "id" {
  description = "d"
  value       = data.my_thing.found.id
}
`, map[string]cty.Value{"names": cty.ObjectVal(map[string]cty.Value{"all": cty.TupleVal([]cty.Value{cty.StringVal("a"), cty.StringVal("bb")})})})
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for _, i := range p.Instances {
		addresses = append(addresses, i.Address)
	}
	if got := strings.Join(addresses, " "); got != `data.my_thing.found my_thing.each["bb"]` {
		t.Errorf("instances: %s", got)
	}
	each := p.Instances[1].Body
	if each.Attributes["name"].AsString() != "x-bb" || each.Blocks["many"][0].Attributes["v"].AsString() != "k=v" {
		t.Errorf("%v", each)
	}
	if p.Locals["first"].AsString() != `<my_thing.each["bb"].id>` || p.Locals["none"].AsString() != "none" || p.Outputs["id"].AsString() != "<data.my_thing.found.id>" {
		t.Errorf("%v %v", p.Locals, p.Outputs)
	}
}

func TestWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`resource "my_thing" "a" {}`:                                                                                                         "name is required",
		`resource "my_thing" "a" { name = null }`:                                                                                            "name is required",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\nsize = \"large\"\n}":                                                                   "number is required",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\nid = \"a\"\n}":                                                                         "set by the provider only",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\ncolour = 1\n}":                                                                         "no argument colour",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\nother {}\n}":                                                                           "no block other",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\none {}\none {}\n}":                                                                     "block one is there 2 times",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\ndynamic \"x\" {\nfor_each=[]\ncontent {}\n}\n}":                                        "no block x",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\nlifecycle {\nignore_changes = [colour]\n}\n}":                                          "no colour to ignore",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\ndepends_on = [my_thing.b]\n}":                                                          "no my_thing.b",
		"resource \"my_thing\" \"a\" {\nname = \"a\"\nlifecycle {\nprecondition {\ncondition = 1 > 2\nerror_message = \"never so\"\n}\n}\n}": "never so",
		`resource "my_other" "a" {}`:                                                                                                         "have no resource my_other",
		`resource "my_thing" "a" { name = local.x }`:                                                                                         "no local.x",
		`resource "my_thing" "a" { name = var.x }`:                                                                                           `no variable "x"`,
		`resource "my_thing" "a" { name = my_thing.b.id }`:                                                                                   "no my_thing.b",
		`resource "my_thing" "a" { name = my_thing.a.id }`:                                                                                   "needs itself",
		`locals { a = [for x in local.b : x] b = local.a }`:                                                                                  "main.tf:1",
		"locals {\na = local.b\nb = local.a\n}":                                                                                              "needs itself",
		"locals {\na = 1\n}\nlocals {\na = 2\n}":                                                                                             "there twice",
		`locals { a = uuid() }`:                                                                                                              "no function named",
		`variable "v" { type = string }`:                                                                                                     "no description",
		"variable \"v\" {\ndescription = \"d\"\ntype = string\n}":                                                                            "no value and no default",
		"variable \"v\" {\ndescription = \"d\"\ntype = number\ndefault = \"x\"\n}":                                                           "number is required",
		"variable \"v\" {\ndescription = \"d\"\ntype = number\ndefault = 1\nvalidation {\ncondition = var.v > 1\nerror_message = \"v is too small\"\n}\n}": "v is too small",
		`module "m" {}`:             "no block module",
		`resource "my_thing" {}`:    "takes 2 names",
		`resource "my_thing" "a" {`: "main.tf",
	} {
		if _, err := plan(t, text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %q", text, err, want)
		}
	}
}

func TestParseVariables(t *testing.T) {
	t.Parallel()
	v, err := ParseVariables("a.tfvars", []byte("a = [1]\nb = \"x\"\n"))
	if err != nil || v["b"].AsString() != "x" || v["a"].LengthInt() != 1 {
		t.Errorf("%v, %v", v, err)
	}
	for _, bad := range []string{"a = b", "a {}", "a ="} {
		if _, err := ParseVariables("a.tfvars", []byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestAddressFunctions(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		`cidrsubnet("10.0.0.0/24", 3, 7)`: true, `cidrsubnet("10.0.0.0/24", 3, 8)`: false, `cidrsubnet("10.0.0.0/31", 3, 0)`: false,
		`cidrhost("10.0.0.1/32", 0)`: true, `cidrhost("10.0.0.256/32", 0)`: false, `cidrhost("ten", 0)`: false,
	} {
		if _, err := plan(t, "locals { a = "+text+" }", nil); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	p, err := plan(t, `locals { a = cidrsubnet("10.90.0.77/24", 3, 4) }`, nil)
	if err != nil || p.Locals["a"].AsString() != "10.90.0.128/27" {
		t.Errorf("%v, %v", p, err)
	}
}
