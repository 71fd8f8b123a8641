// Package schema reads the providers' schemas as `tofu providers schema -json` writes
// them. Only the parts that infra/ uses were recorded.
package schema

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Provider is one provider's schema.
type Provider struct {
	Provider  Versioned            `json:"provider"`
	Resources map[string]Versioned `json:"resource_schemas"`
	Data      map[string]Versioned `json:"data_source_schemas"`
}

// Versioned is a block at the top, with the version of its state.
type Versioned struct {
	Version int64 `json:"version"`
	Block   Block `json:"block"`
}

// Block is what may stand between two braces.
type Block struct {
	Attributes map[string]Attribute `json:"attributes"`
	Blocks     map[string]Nested    `json:"block_types"`
}

// Attribute is one argument, or a value that only the provider sets.
type Attribute struct {
	Type      Type `json:"type"`
	Required  bool `json:"required"`
	Optional  bool `json:"optional"`
	Computed  bool `json:"computed"`
	Sensitive bool `json:"sensitive"`
	WriteOnly bool `json:"write_only"`
}

// ReadOnly reports whether nobody may set it.
func (a Attribute) ReadOnly() bool { return a.Computed && !a.Optional && !a.Required }

// Nested is a block inside a block.
type Nested struct {
	Nesting string `json:"nesting_mode"` // single, list, set
	Min     int    `json:"min_items"`
	Max     int    `json:"max_items"` // 0: any number
	Block   Block  `json:"block"`
}

// Type is a cty type in its JSON form; "dynamic" is any.
type Type struct{ cty.Type }

// UnmarshalJSON reads the form of `providers schema -json`.
func (t *Type) UnmarshalJSON(b []byte) (err error) {
	t.Type, err = ctyjson.UnmarshalType(b)
	return err
}

// Read reads the schemas of a folder, by the providers' local names.
func Read(folder string) (map[string]Provider, error) {
	all := map[string]Provider{}
	for _, name := range []string{"azurerm", "azapi"} {
		b, err := os.ReadFile(filepath.Join(folder, name+".json"))
		if err != nil {
			return nil, err
		}
		var p Provider
		if err := json.Unmarshal(b, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = p
	}
	return all, nil
}
