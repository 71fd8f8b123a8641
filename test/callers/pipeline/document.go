package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Document is a pipeline in the form of the services' repositories.
type Document struct {
	Name       string `json:"name"`
	Properties struct {
		Activities []Activity           `json:"activities"`
		Parameters map[string]Parameter `json:"parameters"`
	} `json:"properties"`
}

// Parameter is a parameter's declaration.
type Parameter struct {
	Type    string `json:"type"`
	Default any    `json:"defaultValue"`
}

// Activity is one step.
type Activity struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	DependsOn  []Dependency    `json:"dependsOn"`
	Policy     Policy          `json:"policy"`
	Properties json.RawMessage `json:"typeProperties"`

	LinkedService struct {
		Name string `json:"referenceName"`
	} `json:"linkedServiceName"`
	External struct {
		Connection string `json:"connection"`
	} `json:"externalReferences"` // Fabric
}

// Dependency is met if the activity ended in one of the conditions.
type Dependency struct {
	Activity   string   `json:"activity"`
	Conditions []string `json:"dependencyConditions"`
}

// Policy is the engine's policy for failures of an activity.
type Policy struct {
	Retry int `json:"retry"`
}

// Parse parses a pipeline.
func Parse(text []byte) (Document, error) {
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("pipeline: %w", err)
	}
	if len(d.Properties.Activities) == 0 {
		return d, fmt.Errorf("pipeline: no activities")
	}
	return d, nil
}

// decode parses the properties of an activity. A member that the engine does not
// know is an error.
func (a Activity) decode(into any) error {
	dec := json.NewDecoder(bytes.NewReader(a.Properties))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("pipeline: typeProperties of %s: %w", a.Name, err)
	}
	return nil
}
