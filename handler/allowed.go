package handler

import (
	"fmt"
	"net/http"
	"strings"

	"pbirefresh/internal/guid"
	"pbirefresh/refresh/machine"
)

// Allowed is a list of models that may be asked for. The empty list allows all.
type Allowed struct {
	workspaces map[string]bool
	models     map[machine.Model]bool
}

// ParseAllowed reads workspaceId or workspaceId/datasetId, separated by commas,
// semicolons or blanks.
func ParseAllowed(list string) (Allowed, error) {
	a := Allowed{workspaces: map[string]bool{}, models: map[machine.Model]bool{}}
	for _, entry := range strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }) {
		workspace, dataset, both := strings.Cut(entry, "/")
		switch {
		case !guid.Valid(workspace), both && !guid.Valid(dataset):
			return Allowed{}, fmt.Errorf("%.80q is not workspaceId or workspaceId/datasetId (GUIDs)", entry)
		case both:
			a.models[machine.Model{WorkspaceID: workspace, DatasetID: dataset}] = true
		default:
			a.workspaces[workspace] = true
		}
	}
	return a, nil
}

func (a Allowed) permits(m machine.Model) bool {
	if len(a.workspaces) == 0 && len(a.models) == 0 {
		return true
	}
	return a.workspaces[m.WorkspaceID] || a.models[m]
}

func modelNotAllowed() error {
	return &Error{Status: http.StatusForbidden, Code: "ModelNotAllowed", Target: "datasetId",
		Message: "This app may not refresh that model: the setting ALLOWED_MODELS does not list it."}
}
