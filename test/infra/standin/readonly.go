package main

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// readOnly finds arguments that only the provider sets, as the providers' own library does.
func readOnly(s *tfprotov6.SchemaBlock, value tftypes.Value) (found []*tfprotov6.Diagnostic) {
	members := map[string]tftypes.Value{}
	if value.IsNull() || !value.IsKnown() || value.As(&members) != nil {
		return nil
	}
	for _, a := range s.Attributes {
		if a.Computed && !a.Optional && !members[a.Name].IsNull() {
			found = append(found, &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: a.Name + " is set by the provider only"})
		}
	}
	for _, b := range s.BlockTypes {
		inner := []tftypes.Value{members[b.TypeName]}
		if b.Nesting != tfprotov6.SchemaNestedBlockNestingModeSingle && members[b.TypeName].As(&inner) != nil {
			continue // not known yet
		}
		for _, v := range inner {
			found = append(found, readOnly(b.Block, v)...)
		}
	}
	return found
}
