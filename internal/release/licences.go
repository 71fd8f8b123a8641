package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// allowed are the licences that may be part of the program: permissive ones, whose
// only duty is to keep their text. BSD-Source-Code is how the detector reads the
// BSD-3-Clause text of golang.org/x (seen with cyclonedx-gomod 1.10.0).
var allowed = []string{"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "BSD-Source-Code"}

// Component is a module that is part of the program.
type Component struct {
	Name, Version string
	Licences      []string // SPDX identifiers, as detected in its files
}

type bom struct {
	BOMFormat  string `json:"bomFormat"`
	Components []struct {
		Name, Version string
		Licenses      []licence
		Evidence      struct{ Licenses []licence }
	}
}

type licence struct {
	License struct{ ID, Name string }
}

// Settled returns a bill of materials without what depends on the machine that made it:
// the digests of the tool's own executable.
func Settled(sbom []byte) ([]byte, error) {
	var b map[string]any
	if err := json.Unmarshal(sbom, &b); err != nil {
		return nil, fmt.Errorf("release: the bill of materials is not readable: %w", err)
	}
	metadata, _ := b["metadata"].(map[string]any)
	tools, _ := metadata["tools"].([]any)
	for _, tool := range tools {
		if t, ok := tool.(map[string]any); ok {
			delete(t, "hashes")
		}
	}
	return indented(b)
}

// Components reads a bill of materials in CycloneDX JSON. Go's own standard library
// is left out: it has no module in which to look for a licence (it is BSD-3-Clause).
func Components(sbom []byte) ([]Component, error) {
	var b bom
	if err := json.Unmarshal(sbom, &b); err != nil {
		return nil, fmt.Errorf("release: the bill of materials is not readable: %w", err)
	}
	if b.BOMFormat != "CycloneDX" || len(b.Components) == 0 {
		return nil, errors.New("release: not a CycloneDX bill of materials with components")
	}
	var list []Component
	for _, c := range b.Components {
		if c.Name == "std" {
			continue
		}
		list = append(list, Component{c.Name, c.Version, identifiers(append(c.Licenses, c.Evidence.Licenses...))})
	}
	return list, nil
}

func identifiers(list []licence) []string {
	var ids []string
	for _, l := range list {
		if id := l.License.ID + l.License.Name; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// CheckLicences returns an error that names every component whose licence is
// unknown or not allowed.
func CheckLicences(list []Component) error {
	var bad []string
	for _, c := range list {
		wrong := slices.DeleteFunc(slices.Clone(c.Licences), func(id string) bool { return slices.Contains(allowed, id) })
		switch {
		case len(c.Licences) == 0:
			bad = append(bad, c.Name+" "+c.Version+": no licence was found")
		case len(wrong) > 0:
			bad = append(bad, c.Name+" "+c.Version+": "+strings.Join(wrong, ", "))
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("release: licences that are not allowed (allowed: %s):\n  %s", strings.Join(allowed, ", "), strings.Join(bad, "\n  "))
	}
	return nil
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
