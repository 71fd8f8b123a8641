package apicheck

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// documentURL names the document inside the schema compiler; nothing is fetched.
const documentURL = "mem:///openapi.json"

// Spec is an OpenAPI document, ready to check with.
type Spec struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	schemas  chan map[string]*jsonschema.Schema // a lock that holds what it guards
}

// Load reads an OpenAPI 3.1 document in JSON.
func Load(document []byte) (*Spec, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("apicheck: %w", err)
	}
	doc, _ := parsed.(map[string]any)
	if version, _ := doc["openapi"].(string); !strings.HasPrefix(version, "3.1.") {
		return nil, fmt.Errorf("apicheck: openapi is %q, not 3.1", version)
	}
	closeObjects(at(doc, "components", "schemas"))
	s := &Spec{doc: doc, compiler: jsonschema.NewCompiler(), schemas: make(chan map[string]*jsonschema.Schema, 1)}
	s.schemas <- map[string]*jsonschema.Schema{}
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	s.compiler.AssertFormat()
	if err := s.compiler.AddResource(documentURL, doc); err != nil {
		return nil, fmt.Errorf("apicheck: %w", err)
	}
	return s, nil
}

// closeObjects refuses members that are not described. The published document leaves
// that open, because clients must accept new members; ours must still be described.
func closeObjects(node any) {
	switch node := node.(type) {
	case map[string]any:
		if _, described := node["properties"].(map[string]any); described && node["additionalProperties"] == nil {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			closeObjects(child)
		}
	case []any:
		for _, child := range node {
			closeObjects(child)
		}
	}
}

// at follows names into nested objects; nil if the way ends.
func at(node any, names ...string) any {
	for _, name := range names {
		object, _ := node.(map[string]any)
		node = object[name]
	}
	return node
}

// place is a node of the document and the JSON pointer that leads to it.
type place struct {
	node    any
	pointer string
}

// down follows names, through references.
func (s *Spec) down(from place, names ...string) place {
	for _, name := range names {
		from = s.resolve(place{at(from.node, name), from.pointer + "/" + escape(name)})
	}
	return from
}

func (s *Spec) resolve(p place) place {
	for {
		target, ok := at(p.node, "$ref").(string)
		if !ok {
			return p
		}
		p.pointer = strings.TrimPrefix(target, "#")
		p.node = s.doc
		for part := range strings.SplitSeq(strings.TrimPrefix(p.pointer, "/"), "/") {
			p.node = at(p.node, part)
		}
	}
}

// escape writes a name as a part of a JSON pointer in a URL fragment.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}

// validate checks a value against the schema at a place.
func (s *Spec) validate(schema place, value any) error {
	known := <-s.schemas
	defer func() { s.schemas <- known }()
	compiled, ok := known[schema.pointer]
	if !ok {
		var err error
		if compiled, err = s.compiler.Compile(documentURL + "#" + schema.pointer); err != nil {
			return err
		}
		known[schema.pointer] = compiled
	}
	return compiled.Validate(value)
}
