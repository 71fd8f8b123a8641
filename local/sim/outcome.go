package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// An Outcome is how a refresh ends.
type Outcome struct {
	// Status is the extended status at the end: Completed (default), Failed, Cancelled, TimedOut, Disabled or any word.
	Status string
	// Code and Description fill serviceExceptionJson; Exception replaces the whole string, and may be no JSON at all.
	Code        string
	Description string
	Exception   string
	// Messages are detail's messages[].
	Messages []Message
	// Objects replaces the states in detail's objects[], by table name: a partial commit.
	Objects map[string]string
	// Attempts is the number of data attempts; 0 means 1.
	Attempts int
	// Duration replaces the model's duration.
	Duration time.Duration
	// Stuck leaves the refresh in progress until [PowerBI.Finish] ends it.
	Stuck bool
	// Dropped makes Power BI accept the request and drop it.
	Dropped bool
}

// A Message is one of the engine's messages.
type Message struct {
	Code    string `json:"code,omitempty"` // hexadecimal
	Message string `json:"message"`
	Type    string `json:"type"` // Error or Warning
}

// exception is the string for serviceExceptionJson; brief omits the description, as detail's top level does.
func (o Outcome) exception(brief bool) string {
	if o.Exception != "" || o.Code == "" {
		return o.Exception
	}
	body := struct {
		Code        string `json:"errorCode"`
		Description string `json:"errorDescription,omitempty"`
	}{o.Code, o.Description}
	if brief {
		body.Description = ""
	}
	text, err := json.Marshal(body)
	if err != nil { // two strings always marshal
		return ""
	}
	return string(text)
}

// A FailureClass names a ready-made failing [Outcome].
type FailureClass string

// The classes. The wrapper "internal service error ... usually a transient issue" has been seen around permanent
// faults, so there are wrapped permanent ones too.
const (
	FailCredentials    FailureClass = "credentials"
	FailGateway        FailureClass = "gateway"
	FailGatewayTimeout FailureClass = "gateway-timeout"
	FailSource         FailureClass = "source"
	FailColumn         FailureClass = "wrapped-column"
	FailKey            FailureClass = "wrapped-key"
	FailDate           FailureClass = "wrapped-date"
	FailModel          FailureClass = "model"
	FailMemory         FailureClass = "memory"
	FailCapacity       FailureClass = "capacity"
	FailCapacityOld    FailureClass = "capacity-old"
	FailCapacityLevel  FailureClass = "capacity-level"
	FailNodeLevel      FailureClass = "node-level"
	FailEvicted        FailureClass = "evicted"
	FailInternal       FailureClass = "internal"
	FailTimeout        FailureClass = "timeout"
	FailCancelled      FailureClass = "cancelled"
	FailDisabled       FailureClass = "disabled"
	FailPolicy         FailureClass = "policy"
	FailNoReason       FailureClass = "no-reason"
	FailNotJSON        FailureClass = "not-json"
	FailUnknownWord    FailureClass = "unknown-word"
	FailPartial        FailureClass = "partial"
)

// FailureClasses lists the classes in alphabetical order.
func FailureClasses() []FailureClass {
	return slices.Sorted(maps.Keys(failures()))
}

// Failure returns the outcome of a class.
func Failure(class FailureClass) (Outcome, error) {
	o, ok := failures()[class]
	if !ok {
		return Outcome{}, fmt.Errorf("unknown failure class %q: use one of %v", class, FailureClasses())
	}
	if o.Status == "" {
		o.Status = statusFailed
	}
	return o, nil
}
