// Package config reads the files of an OpenTofu configuration without evaluating them. What
// needs a value asks the real OpenTofu (make infra-check).
package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Config is a parsed configuration.
type Config struct {
	Variables map[string]*hclsyntax.Block
	Locals    map[string]hclsyntax.Expression
	Resources map[string]*hclsyntax.Block // by type.name; data sources by data.type.name
	Outputs   map[string]*hclsyntax.Block
	Providers map[string]*hclsyntax.Block
}

// Parse reads the files of one folder, by name.
func Parse(files map[string][]byte) (*Config, error) {
	c := &Config{
		Variables: map[string]*hclsyntax.Block{}, Locals: map[string]hclsyntax.Expression{},
		Resources: map[string]*hclsyntax.Block{}, Outputs: map[string]*hclsyntax.Block{}, Providers: map[string]*hclsyntax.Block{},
	}
	var problems []error
	for _, name := range sortedKeys(files) {
		file, diags := hclsyntax.ParseConfig(files[name], name, hcl.InitialPos)
		if diags.HasErrors() {
			problems = append(problems, diags)
			continue
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			problems = append(problems, c.add(b))
		}
	}
	return c, errors.Join(problems...)
}

func (c *Config) add(b *hclsyntax.Block) error {
	labels := map[string]int{"variable": 1, "output": 1, "provider": 1, "resource": 2, "data": 2}
	if n, known := labels[b.Type]; known && len(b.Labels) != n {
		return fmt.Errorf("%s: %s takes %d names", b.Range(), b.Type, n)
	}
	switch b.Type {
	case "terraform":
		return nil
	case "locals":
		for name, attribute := range b.Body.Attributes {
			if c.Locals[name] != nil {
				return fmt.Errorf("%s: local.%s is there twice", attribute.Range(), name)
			}
			c.Locals[name] = attribute.Expr
		}
		return nil
	case "variable":
		return put(c.Variables, b.Labels[0], b)
	case "output":
		return put(c.Outputs, b.Labels[0], b)
	case "provider":
		return put(c.Providers, b.Labels[0], b)
	case "resource":
		return put(c.Resources, strings.Join(b.Labels, "."), b)
	case "data":
		return put(c.Resources, "data."+strings.Join(b.Labels, "."), b)
	default:
		return fmt.Errorf("%s: no block %s is known here", b.Range(), b.Type)
	}
}

func put(into map[string]*hclsyntax.Block, name string, b *hclsyntax.Block) error {
	if into[name] != nil {
		return fmt.Errorf("%s: %s %s is there twice", b.Range(), b.Type, name)
	}
	into[name] = b
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
