package config

import (
	"errors"
	"fmt"
	"maps"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"pbirefresh/test/infra/schema"
)

// nested adds what a block inside a block makes: one, or with dynamic any number.
func (p *planner) nested(out *Body, b *hclsyntax.Block, s schema.Block, own map[string]cty.Value) error {
	switch b.Type {
	case "lifecycle":
		return p.lifecycle(b.Body, s)
	case "dynamic":
		return p.dynamic(out, b, s, own)
	}
	return p.block(out, b.Type, b.Body, s, own)
}

func (p *planner) block(out *Body, name string, b *hclsyntax.Body, s schema.Block, own map[string]cty.Value) error {
	inner, known := s.Blocks[name]
	if !known {
		return fmt.Errorf("%s: there is no block %s", b.SrcRange, name)
	}
	body, err := p.body(b, inner.Block, own)
	out.Blocks[name] = append(out.Blocks[name], body)
	return err
}

func (p *planner) dynamic(out *Body, b *hclsyntax.Block, s schema.Block, own map[string]cty.Value) error {
	if len(b.Labels) != 1 || b.Body.Attributes["for_each"] == nil || len(b.Body.Blocks) != 1 || b.Body.Blocks[0].Type != "content" {
		return fmt.Errorf("%s: dynamic takes a name, for_each and content", b.Range())
	}
	name, content := b.Labels[0], b.Body.Blocks[0].Body
	if _, known := s.Blocks[name]; !known {
		return fmt.Errorf("%s: there is no block %s", b.Range(), name)
	}
	each, err := p.value(b.Body.Attributes["for_each"].Expr, own)
	if err != nil {
		return err
	}
	var problems []error
	for it := each.ElementIterator(); it.Next(); {
		key, value := it.Element()
		inner := maps.Clone(own)
		if inner == nil {
			inner = map[string]cty.Value{}
		}
		inner[name] = cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})
		problems = append(problems, p.block(out, name, content, s, inner))
	}
	return errors.Join(problems...)
}

// lifecycle asks pre-conditions, and looks whether what is ignored exists.
func (p *planner) lifecycle(b *hclsyntax.Body, s schema.Block) error {
	var problems []error
	for _, block := range b.Blocks {
		if block.Type != "precondition" {
			problems = append(problems, fmt.Errorf("%s: no block %s is known", block.Range(), block.Type))
			continue
		}
		problems = append(problems, p.condition(block.Body))
	}
	for name, attribute := range b.Attributes {
		if name == "prevent_destroy" {
			continue
		}
		if name != "ignore_changes" {
			problems = append(problems, fmt.Errorf("%s: no %s is known", attribute.Range(), name))
			continue
		}
		for _, t := range attribute.Expr.Variables() {
			_, isAttribute := s.Attributes[t.RootName()]
			_, isBlock := s.Blocks[t.RootName()]
			if !isAttribute && !isBlock {
				problems = append(problems, fmt.Errorf("%s: there is no %s to ignore", t.SourceRange(), t.RootName()))
			}
		}
	}
	return errors.Join(problems...)
}

// counted refuses too few and too many blocks.
func counted(out Body, b *hclsyntax.Body, s schema.Block) error {
	var problems []error
	for _, name := range sortedKeys(s.Blocks) {
		n, rule := len(out.Blocks[name]), s.Blocks[name]
		most := rule.Max
		if rule.Nesting == "single" {
			most = 1
		}
		if n < rule.Min || most > 0 && n > most {
			problems = append(problems, fmt.Errorf("%s: block %s is there %d times, and must be %d to %d times (0: any)", b.SrcRange, name, n, rule.Min, most))
		}
	}
	return errors.Join(problems...)
}
