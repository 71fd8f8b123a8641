package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"pbirefresh/test/infra/schema"
)

// Plan is what a configuration would make for a set of variables.
type Plan struct {
	Instances []Instance
	Locals    map[string]cty.Value
	Outputs   map[string]cty.Value
}

// Instance is one resource, or one of those that count or for_each make.
type Instance struct {
	Address string // azurerm_storage_account.this["host"]
	Type    string
	Body    Body
}

// Body is what stands between the braces, worked out.
type Body struct {
	Attributes map[string]cty.Value
	Blocks     map[string][]Body // dynamic ones among them
}

// planner works values out when they are asked for.
type planner struct {
	config    *Config
	providers map[string]schema.Provider
	variables map[string]cty.Value
	locals    map[string]cty.Value
	resources map[string]cty.Value
	instances map[string][]Instance
	asked     []string // what is being worked out: a name in it twice is a circle
	functions hcl.EvalContext
}

// NewPlan works the configuration out. The error names every problem: of the variables,
// of the references, of the schemas, of the pre-conditions.
func (c *Config) NewPlan(providers map[string]schema.Provider, variables map[string]cty.Value) (*Plan, error) {
	p := &planner{
		config: c, providers: providers, locals: map[string]cty.Value{}, resources: map[string]cty.Value{},
		instances: map[string][]Instance{}, functions: hcl.EvalContext{Functions: functions()},
	}
	if err := p.setVariables(variables); err != nil {
		return nil, err
	}
	var problems []error
	plan := &Plan{Locals: p.locals, Outputs: map[string]cty.Value{}}
	for _, name := range sortedKeys(c.Locals) {
		_, err := p.local(name)
		problems = append(problems, err)
	}
	for _, name := range sortedKeys(c.Resources) {
		_, err := p.resource(name)
		problems = append(problems, err)
		plan.Instances = append(plan.Instances, p.instances[name]...)
	}
	for _, name := range sortedKeys(c.Outputs) {
		problems = append(problems, p.output(plan, name))
	}
	for _, name := range sortedKeys(c.Providers) {
		_, err := p.body(c.Providers[name].Body, p.providers[name].Provider.Block, nil)
		problems = append(problems, located("provider "+name, err))
	}
	return plan, unique(problems)
}

func (p *planner) output(plan *Plan, name string) error {
	for key, attribute := range p.config.Outputs[name].Body.Attributes {
		v, err := p.value(attribute.Expr, nil)
		if err != nil {
			return located("output "+name, err)
		}
		if key == "value" {
			plan.Outputs[name] = v
		}
	}
	return nil
}

func (p *planner) local(name string) (cty.Value, error) {
	if v, done := p.locals[name]; done {
		return v, nil
	}
	expr := p.config.Locals[name]
	if expr == nil {
		return cty.NilVal, fmt.Errorf("there is no local.%s", name)
	}
	v, err := p.once("local."+name, func() (cty.Value, error) { return p.value(expr, nil) })
	if err == nil {
		p.locals[name] = v
	}
	return v, err
}

// once works out a name and refuses circles.
func (p *planner) once(name string, f func() (cty.Value, error)) (cty.Value, error) {
	for _, asked := range p.asked {
		if asked == name {
			return cty.NilVal, fmt.Errorf("%s needs itself: %s", name, strings.Join(p.asked, " -> "))
		}
	}
	p.asked = append(p.asked, name)
	defer func() { p.asked = p.asked[:len(p.asked)-1] }()
	v, err := f()
	return v, located(name, err)
}

// value works an expression out. own are the names that only this place has: each, count,
// and what a dynamic block calls its element.
func (p *planner) value(expr hclsyntax.Expression, own map[string]cty.Value) (cty.Value, error) {
	ctx := p.functions.NewChild()
	ctx.Variables = map[string]cty.Value{}
	found := map[string]map[string]cty.Value{}
	for _, t := range expr.Variables() {
		root := t.RootName()
		if _, ok := own[root]; ok {
			ctx.Variables[root] = own[root]
			continue
		}
		if err := p.lookUp(t, found); err != nil {
			return cty.NilVal, fmt.Errorf("%s: %w", t.SourceRange(), err)
		}
	}
	for root, members := range found {
		ctx.Variables[root] = cty.ObjectVal(members)
	}
	v, diags := expr.Value(ctx)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return v, nil
}

// lookUp finds what a reference names: two steps, three for a data source.
func (p *planner) lookUp(t hcl.Traversal, found map[string]map[string]cty.Value) (err error) {
	steps := []string{t.RootName()}
	for _, step := range t[1:] {
		attribute, ok := step.(hcl.TraverseAttr)
		if !ok {
			break
		}
		steps = append(steps, attribute.Name)
	}
	root, member, rest := steps[0], "", []string(nil)
	if len(steps) < 2 {
		return fmt.Errorf("%s alone is no value", root)
	}
	member, rest = steps[1], steps[2:]
	if found[root] == nil {
		found[root] = map[string]cty.Value{}
	}
	switch root {
	case "var":
		v, ok := p.variables[member]
		if !ok {
			return fmt.Errorf("there is no variable %q", member)
		}
		found[root][member] = v
	case "local":
		found[root][member], err = p.local(member)
	case "data":
		if len(rest) == 0 {
			return errors.New("data needs a type and a name")
		}
		v, err := p.resource("data." + member + "." + rest[0])
		if err != nil {
			return err
		}
		found[root][member] = cty.ObjectVal(map[string]cty.Value{rest[0]: v})
	default:
		found[root][member], err = p.resource(root + "." + member)
	}
	return err
}

func located(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// unique joins errors, each once: what many ask for fails for all of them.
func unique(problems []error) error {
	seen := map[string]bool{}
	var kept []error
	for _, err := range problems {
		if err == nil {
			continue
		}
		text := err.Error()
		cause := text[strings.LastIndex(text, ": ")+1:]
		if !seen[cause] {
			seen[cause] = true
			kept = append(kept, err)
		}
	}
	return errors.Join(kept...)
}
