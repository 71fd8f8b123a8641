package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"pbirefresh/test/infra/schema"
)

// resource works out all instances of a resource, and returns what a reference to it sees:
// an object, a tuple with count, an object of objects with for_each.
func (p *planner) resource(name string) (cty.Value, error) {
	if v, done := p.resources[name]; done {
		return v, nil
	}
	b := p.config.Resources[name]
	if b == nil {
		return cty.NilVal, fmt.Errorf("there is no %s", name)
	}
	v, err := p.once(name, func() (cty.Value, error) { return p.expand(name, b) })
	if err == nil {
		p.resources[name] = v
	}
	return v, err
}

func (p *planner) expand(name string, b *hclsyntax.Block) (cty.Value, error) {
	s, err := p.schemaOf(b)
	if err != nil {
		return cty.NilVal, err
	}
	switch {
	case b.Body.Attributes["count"] != nil:
		return p.expandCount(name, b, s)
	case b.Body.Attributes["for_each"] != nil:
		return p.expandEach(name, b, s)
	default:
		return p.instance(name, name, b, s, nil)
	}
}

func (p *planner) schemaOf(b *hclsyntax.Block) (schema.Block, error) {
	provider, _, _ := strings.Cut(b.Labels[0], "_")
	known := p.providers[provider].Resources
	if b.Type == "data" {
		known = p.providers[provider].Data
	}
	s, ok := known[b.Labels[0]]
	if !ok {
		return schema.Block{}, fmt.Errorf("%s: the recorded schemas have no %s %s", b.Range(), b.Type, b.Labels[0])
	}
	return s.Block, nil
}

func (p *planner) expandCount(name string, b *hclsyntax.Block, s schema.Block) (cty.Value, error) {
	v, err := p.value(b.Body.Attributes["count"].Expr, nil)
	if err != nil {
		return cty.NilVal, err
	}
	if !v.IsWhollyKnown() {
		return cty.NilVal, errors.New("count depends on what is known after the apply only")
	}
	n, _ := v.AsBigFloat().Int64()
	var all []cty.Value
	for i := range n {
		own := map[string]cty.Value{"count": cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(i)})}
		one, err := p.instance(name, fmt.Sprintf("%s[%d]", name, i), b, s, own)
		if err != nil {
			return cty.NilVal, err
		}
		all = append(all, one)
	}
	return cty.TupleVal(all), nil
}

func (p *planner) expandEach(name string, b *hclsyntax.Block, s schema.Block) (cty.Value, error) {
	v, err := p.value(b.Body.Attributes["for_each"].Expr, nil)
	if err != nil {
		return cty.NilVal, err
	}
	all := map[string]cty.Value{}
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		own := map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}
		one, err := p.instance(name, fmt.Sprintf("%s[%q]", name, key.AsString()), b, s, own)
		if err != nil {
			return cty.NilVal, err
		}
		all[key.AsString()] = one
	}
	return cty.ObjectVal(all), nil
}

// instance works out one instance. What a reference sees is what was written, and for what
// the provider sets a placeholder that names it.
func (p *planner) instance(name, address string, b *hclsyntax.Block, s schema.Block, own map[string]cty.Value) (cty.Value, error) {
	body, err := p.body(b.Body, s, own)
	if err != nil {
		return cty.NilVal, located(address, err)
	}
	p.instances[name] = append(p.instances[name], Instance{Address: address, Type: b.Labels[0], Body: body})
	seen := map[string]cty.Value{}
	for attribute, a := range s.Attributes {
		v, given := body.Attributes[attribute]
		if !given || v.IsNull() && a.Computed {
			v = placeholder(address, attribute, a)
		}
		seen[attribute] = v
	}
	return cty.ObjectVal(seen), nil
}

func placeholder(address, attribute string, a schema.Attribute) cty.Value {
	switch {
	case attribute == "output":
		return cty.ObjectVal(map[string]cty.Value{"properties": cty.ObjectVal(map[string]cty.Value{"defaultHostName": cty.StringVal("app.example")})})
	case !a.Computed:
		return cty.NullVal(a.Type.Type)
	case a.Type.Type == cty.String && strings.HasSuffix(attribute, "_endpoint"):
		return cty.StringVal("https://<" + address + ">/")
	case a.Type.Type == cty.String:
		return cty.StringVal("<" + address + "." + attribute + ">")
	default:
		return cty.UnknownVal(a.Type.Type)
	}
}

// body works out attributes and blocks and holds them to the schema.
func (p *planner) body(b *hclsyntax.Body, s schema.Block, own map[string]cty.Value) (Body, error) {
	out := Body{Attributes: map[string]cty.Value{}, Blocks: map[string][]Body{}}
	var problems []error
	for _, name := range sortedKeys(b.Attributes) {
		attribute := b.Attributes[name]
		if name == "count" || name == "for_each" || name == "depends_on" {
			problems = append(problems, p.meta(name, attribute))
			continue
		}
		v, err := p.attribute(attribute, s, own)
		problems = append(problems, err)
		out.Attributes[name] = v
	}
	for name, a := range s.Attributes {
		if v, given := out.Attributes[name]; a.Required && (!given || v != cty.NilVal && v.IsNull()) {
			problems = append(problems, fmt.Errorf("%s: %s is required", b.SrcRange, name))
		}
	}
	for _, block := range b.Blocks {
		problems = append(problems, p.nested(&out, block, s, own))
	}
	return out, errors.Join(append(problems, counted(out, b, s))...)
}

// meta looks at what depends_on names; count and for_each were asked before.
func (p *planner) meta(name string, attribute *hclsyntax.Attribute) error {
	if name != "depends_on" {
		return nil
	}
	for _, t := range attribute.Expr.Variables() {
		if err := p.lookUp(t, map[string]map[string]cty.Value{}); err != nil {
			return fmt.Errorf("%s: %w", t.SourceRange(), err)
		}
	}
	return nil
}

func (p *planner) attribute(attribute *hclsyntax.Attribute, s schema.Block, own map[string]cty.Value) (cty.Value, error) {
	a, known := s.Attributes[attribute.Name]
	switch {
	case !known:
		return cty.NilVal, fmt.Errorf("%s: there is no argument %s", attribute.Range(), attribute.Name)
	case a.ReadOnly():
		return cty.NilVal, fmt.Errorf("%s: %s is set by the provider only", attribute.Range(), attribute.Name)
	}
	v, err := p.value(attribute.Expr, own)
	if err != nil {
		return cty.NilVal, err
	}
	if v, err = convert.Convert(v, a.Type.Type); err != nil {
		return cty.NilVal, fmt.Errorf("%s: %s: %w", attribute.Range(), attribute.Name, err)
	}
	return v, nil
}
