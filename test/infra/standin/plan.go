package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func (p *provider) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

// PlanResourceChange plans the creation of a resource: what the configuration leaves open
// becomes a placeholder that names the resource, so that a plan shows who refers to whom.
func (p *provider) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	planned, err := filled(r.TypeName, p.schema.ResourceSchemas[r.TypeName], r.ProposedNewState, r.Config)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: planned}, err
}

func (p *provider) ReadDataSource(_ context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	state, err := filled("data."+r.TypeName, p.schema.DataSourceSchemas[r.TypeName], r.Config, r.Config)
	return &tfprotov6.ReadDataSourceResponse{State: state}, err
}

// filled gives each top attribute that is computed and not set its placeholder. A resource is
// named by its type and a hash of its configuration: a provider does not get the address.
func filled(kind string, s *tfprotov6.Schema, state, config *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	value, err := state.Unmarshal(s.ValueType())
	if err != nil {
		return nil, err
	}
	if value.IsNull() {
		return state, nil
	}
	attributes := map[string]tftypes.Value{}
	if err := value.As(&attributes); err != nil {
		return nil, err
	}
	token := fmt.Sprintf("%s/%x", kind, sha256.Sum256(config.MsgPack))
	for _, a := range s.Block.Attributes {
		if v := attributes[a.Name]; a.Computed && (v.IsNull() || !v.IsKnown()) {
			attributes[a.Name] = placeholder(token, a)
		}
	}
	out, err := tfprotov6.NewDynamicValue(s.ValueType(), tftypes.NewValue(s.ValueType(), attributes))
	return &out, err
}

func placeholder(token string, a *tfprotov6.SchemaAttribute) tftypes.Value {
	switch {
	case a.Name == "output":
		host := map[string]tftypes.Value{"defaultHostName": tftypes.NewValue(tftypes.String, "app.example")}
		properties := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"defaultHostName": tftypes.String}}
		object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"properties": properties}}
		return tftypes.NewValue(object, map[string]tftypes.Value{"properties": tftypes.NewValue(properties, host)})
	case !a.Type.Is(tftypes.String):
		return tftypes.NewValue(a.Type, tftypes.UnknownValue)
	case strings.HasSuffix(a.Name, "_endpoint"):
		return tftypes.NewValue(a.Type, "https://<"+token+">/")
	default:
		return tftypes.NewValue(a.Type, "<"+token+"."+a.Name+">")
	}
}
