package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Document is a workflow in the form of the code view (Consumption) or workflow.json
// (Standard).
type Document struct {
	Definition Definition           `json:"definition"`
	Parameters map[string]Parameter `json:"parameters"` // Consumption
	Kind       string               `json:"kind"`       // Standard
}

// Definition is in the Workflow Definition Language (documented:
// https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language).
type Definition struct {
	Schema     string               `json:"$schema"`
	Version    string               `json:"contentVersion"`
	Parameters map[string]Parameter `json:"parameters"`
	Triggers   map[string]Trigger   `json:"triggers"`
	Actions    map[string]Action    `json:"actions"`
	Outputs    map[string]any       `json:"outputs"`
}

// Parameter is a parameter's declaration; in a Standard app's parameters.json, its value.
type Parameter struct {
	Type    string `json:"type"`
	Default any    `json:"defaultValue"`
	Value   any    `json:"value"`
}

// Trigger starts the workflow.
type Trigger struct {
	Type       string         `json:"type"`
	Recurrence map[string]any `json:"recurrence"`
}

// Action is one step.
type Action struct {
	Type       string              `json:"type"`
	Inputs     json.RawMessage     `json:"inputs"`
	RunAfter   map[string][]string `json:"runAfter"`
	Expression any                 `json:"expression"`
	Actions    map[string]Action   `json:"actions"`
	Else       struct {
		Actions map[string]Action `json:"actions"`
	} `json:"else"`
	Limit struct {
		Timeout string `json:"timeout"`
	} `json:"limit"`
	Runtime struct {
		Secure struct {
			Properties []string `json:"properties"`
		} `json:"secureData"`
	} `json:"runtimeConfiguration"`
}

// Parse parses a workflow and rejects unknown members.
func Parse(text []byte) (Document, error) {
	var d Document
	if err := decode(text, &d); err != nil {
		return d, err
	}
	if len(d.Definition.Triggers) != 1 || len(d.Definition.Actions) == 0 {
		return d, fmt.Errorf("workflow: %d triggers, %d actions", len(d.Definition.Triggers), len(d.Definition.Actions))
	}
	return d, order(d.Definition.Actions)
}

func decode(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("workflow: %w", err)
	}
	return nil
}

// order rejects a runAfter that names no action or no status (LAX).
func order(actions map[string]Action) error {
	for name, a := range actions {
		for before, statuses := range a.RunAfter {
			if _, there := actions[before]; !there {
				return fmt.Errorf("workflow: %s runs after %s, which is not there", name, before)
			}
			for _, status := range statuses {
				if !slices.Contains([]string{Succeeded, Failed, Skipped, TimedOut}, status) {
					return fmt.Errorf("workflow: %s runs after %q, which is no status", name, status)
				}
			}
		}
	}
	return nil
}

func names(actions map[string]Action) []string { return slices.Sorted(maps.Keys(actions)) }
