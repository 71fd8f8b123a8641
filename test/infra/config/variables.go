package config

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// ParseVariables reads a .tfvars file.
func ParseVariables(name string, b []byte) (map[string]cty.Value, error) {
	file, diags := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	attributes, diags := file.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	values := map[string]cty.Value{}
	for name, a := range attributes {
		v, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			return nil, diags
		}
		values[name] = v
	}
	return values, nil
}

// setVariables gives every variable its value, of its type, and asks its validations.
func (p *planner) setVariables(given map[string]cty.Value) error {
	var problems []error
	p.variables = map[string]cty.Value{}
	for name := range given {
		if p.config.Variables[name] == nil {
			problems = append(problems, fmt.Errorf("there is no variable %q", name))
		}
	}
	for _, name := range sortedKeys(p.config.Variables) {
		v, err := variable(p.config.Variables[name].Body, given[name])
		problems = append(problems, located("variable "+name, err))
		p.variables[name] = v
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	for _, name := range sortedKeys(p.config.Variables) {
		problems = append(problems, p.validate(name))
	}
	return errors.Join(problems...)
}

func variable(b *hclsyntax.Body, given cty.Value) (cty.Value, error) {
	for _, name := range []string{"description", "type"} {
		if b.Attributes[name] == nil {
			return cty.NilVal, fmt.Errorf("it has no %s", name)
		}
	}
	kind, defaults, diags := typeexpr.TypeConstraintWithDefaults(b.Attributes["type"].Expr)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	if given == cty.NilVal {
		if b.Attributes["default"] == nil {
			return cty.NilVal, errors.New("it has no value and no default")
		}
		if given, diags = b.Attributes["default"].Expr.Value(nil); diags.HasErrors() {
			return cty.NilVal, diags
		}
	}
	if defaults != nil && !given.IsNull() {
		given = defaults.Apply(given)
	}
	return convert.Convert(given, kind)
}

func (p *planner) validate(name string) error {
	for _, b := range p.config.Variables[name].Body.Blocks {
		if b.Type != "validation" {
			return fmt.Errorf("variable %s: no block %s is known", name, b.Type)
		}
		if err := p.condition(b.Body); err != nil {
			return located("variable "+name, err)
		}
	}
	return nil
}

// condition asks a validation or a pre-condition.
func (p *planner) condition(b *hclsyntax.Body) error {
	if b.Attributes["condition"] == nil || b.Attributes["error_message"] == nil {
		return errors.New("a condition and its error_message belong together")
	}
	v, err := p.value(b.Attributes["condition"].Expr, nil)
	if err != nil {
		return err
	}
	if v, err = convert.Convert(v, cty.Bool); err != nil || v.IsNull() || !v.IsKnown() {
		return fmt.Errorf("%s: the condition is neither true nor false", b.Attributes["condition"].Range())
	}
	if v.True() {
		return nil
	}
	message, err := p.value(b.Attributes["error_message"].Expr, nil)
	if err != nil {
		return err
	}
	return errors.New(message.AsString())
}
