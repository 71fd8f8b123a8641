package apicheck

import "encoding/json"

// closeObjects forbids members that the schemas of a document do not describe. The
// published document allows them, because clients must accept new members. The strict
// mode of the validator is no replacement: it rejects members behind a $ref with a
// description beside it, and those that additionalProperties describes (seen: v0.16.3).
func closeObjects(document []byte) ([]byte, error) {
	var doc any
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	walk(doc)
	return json.Marshal(doc)
}

func walk(node any) {
	switch node := node.(type) {
	case map[string]any:
		if _, described := node["properties"].(map[string]any); described && node["additionalProperties"] == nil {
			node["additionalProperties"] = false
		}
		for name, child := range node {
			if !conditions[name] {
				walk(child)
			}
		}
	case []any:
		for _, child := range node {
			walk(child)
		}
	}
}

// conditions are keywords whose schemas name only the members that they compare.
var conditions = map[string]bool{"if": true, "then": true, "else": true, "not": true}
