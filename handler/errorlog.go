package handler

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// LogValue is the text of an error for the log. The words of a refusal are for the
// caller: they quote what it sent, and a person who pastes a key into the wrong field
// must not find it in the log.
func (e *Error) LogValue() slog.Value {
	switch {
	case e.err != nil || e.Status >= http.StatusInternalServerError:
		return slog.StringValue(e.Error())
	case len(e.Details) == 0:
		return slog.StringValue(e.Code)
	}
	var details []string
	for _, d := range e.Details {
		details = append(details, d.logged())
	}
	return slog.StringValue(fmt.Sprintf("%s: %s", e.Code, strings.Join(details, ", ")))
}

// logged names the field, unless its name is the caller's own.
func (d Detail) logged() string {
	if d.Target == "" || d.Code == "UnknownField" || d.Code == "DuplicateField" {
		return d.Code
	}
	return d.Code + " " + d.Target
}
