package checks

import (
	"encoding/json"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"pbirefresh/test/infra/schema"
)

// Plan is what OpenTofu plans for one set of variables.
type Plan struct {
	Instances []Instance
	Locals    map[string]any // those that localsOfChecks names
}

// Instance is one resource.
type Instance struct {
	Address string // azurerm_storage_account.this["host"]
	Type    string
	Body    Body
}

// Body has what stands between the braces, worked out, as encoding/json decodes it.
type Body struct {
	Attributes map[string]any
	Blocks     map[string][]Body
}

// localsOfChecks is an output that the checks add to the copy of infra/ that they plan.
const localsOfChecks = `output "locals" {
  value = {
    cloud                    = local.cloud
    easy_auth_on             = local.easy_auth_on
    flex                     = local.flex
    makes_vault              = local.makes_vault
    private_services         = local.private_services
    settings_left_at_default = local.settings_left_at_default
    uses_vault               = local.uses_vault
  }
}
`

// readPlan reads what `tofu show -json` prints. Placeholders of the provider (standin) become the
// addresses of the resources that they stand for.
func readPlan(text []byte, providers map[string]schema.Provider) (*Plan, error) {
	resources, locals, err := planned(text)
	if err != nil {
		return nil, err
	}
	var tokens []string
	for _, r := range resources {
		id, _ := r.AttributeValues["id"].(string)
		if token, ok := strings.CutSuffix(id, ".id>"); ok && strings.HasPrefix(token, "<"+r.Type+"/") {
			address, err := json.Marshal(r.Address)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, token[1:], string(address[1:len(address)-1]))
		}
	}
	if resources, _, err = planned([]byte(strings.NewReplacer(tokens...).Replace(string(text)))); err != nil {
		return nil, err
	}
	plan := &Plan{Locals: locals}
	for _, r := range resources {
		provider, _, _ := strings.Cut(r.Type, "_")
		plan.Instances = append(plan.Instances, Instance{r.Address, r.Type, bodyOf(r.AttributeValues, providers[provider].Resources[r.Type].Block)})
	}
	return plan, nil
}

func planned(text []byte) ([]*tfjson.StateResource, map[string]any, error) {
	var p tfjson.Plan
	if err := p.UnmarshalJSON(text); err != nil {
		return nil, nil, err
	}
	locals, _ := p.PlannedValues.Outputs["locals"].Value.(map[string]any)
	return p.PlannedValues.RootModule.Resources, locals, nil
}

// bodyOf separates blocks from attributes, by the schema: the JSON does not.
func bodyOf(values map[string]any, s schema.Block) Body {
	b := Body{Attributes: map[string]any{}, Blocks: map[string][]Body{}}
	for name, v := range values {
		nested, isBlock := s.Blocks[name]
		if !isBlock {
			b.Attributes[name] = v
			continue
		}
		list, _ := v.([]any)
		if one, ok := v.(map[string]any); ok {
			list = []any{one}
		}
		for _, element := range list {
			inner, _ := element.(map[string]any)
			b.Blocks[name] = append(b.Blocks[name], bodyOf(inner, nested.Block))
		}
	}
	return b
}
