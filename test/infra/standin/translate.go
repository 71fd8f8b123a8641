package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"pbirefresh/test/infra/schema"
)

// translate puts a recorded schema into the words of the plugin protocol.
func translate(p schema.Provider) (*tfprotov6.GetProviderSchemaResponse, error) {
	answer := &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov6.ServerCapabilities{},
		ResourceSchemas:    map[string]*tfprotov6.Schema{}, DataSourceSchemas: map[string]*tfprotov6.Schema{},
	}
	var err error
	if answer.Provider, err = top(p.Provider); err != nil {
		return nil, err
	}
	for name, s := range p.Resources {
		if answer.ResourceSchemas[name], err = top(s); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, s := range p.Data {
		if answer.DataSourceSchemas[name], err = top(s); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return answer, nil
}

func top(s schema.Versioned) (*tfprotov6.Schema, error) {
	b, err := block(s.Block)
	return &tfprotov6.Schema{Version: s.Version, Block: b}, err
}

func block(s schema.Block) (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{}
	for _, name := range slices.Sorted(maps.Keys(s.Attributes)) {
		a := s.Attributes[name]
		kind, err := typeOf(a.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.Attributes = append(out.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: kind, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Blocks)) {
		n := s.Blocks[name]
		inner, err := block(n.Block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: nesting(n.Nesting), MinItems: int64(n.Min), MaxItems: int64(n.Max),
		})
	}
	return out, nil
}

func typeOf(t schema.Type) (tftypes.Type, error) {
	b, err := ctyjson.MarshalType(t.Type)
	if err != nil {
		return nil, err
	}
	return tftypes.ParseJSONType(b) //nolint:staticcheck // the two libraries share no other form
}

func nesting(word string) tfprotov6.SchemaNestedBlockNestingMode {
	switch word {
	case "single":
		return tfprotov6.SchemaNestedBlockNestingModeSingle
	case "set":
		return tfprotov6.SchemaNestedBlockNestingModeSet
	default:
		return tfprotov6.SchemaNestedBlockNestingModeList
	}
}
