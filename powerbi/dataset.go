package powerbi

import (
	"fmt"
	"net/url"
	"regexp"

	"pbirefresh/internal/foreign"
	"pbirefresh/internal/guid"
)

// Dataset addresses a semantic model. Both ids are GUIDs. A service principal has no
// "My workspace" (documented), so the workspace is never left out.
type Dataset struct {
	WorkspaceID string
	DatasetID   string
}

// refreshID: a GUID today (documented); anything that is safe in a path is taken.
var refreshID = regexp.MustCompile(`^[0-9A-Za-z-]{8,64}$`)

func (d Dataset) path() (string, error) {
	path, err := d.modelPath()
	return path + "/refreshes", err
}

func (d Dataset) modelPath() (string, error) {
	if err := checkGUID("workspaceId", d.WorkspaceID); err != nil {
		return "", err
	}
	if err := checkGUID("datasetId", d.DatasetID); err != nil {
		return "", err
	}
	return workspacePath(d.WorkspaceID) + "/datasets/" + url.PathEscape(d.DatasetID), nil
}

func workspacePath(id string) string { return "/v1.0/myorg/groups/" + url.PathEscape(id) }

func checkGUID(field, value string) error {
	if !guid.Valid(value) {
		return fmt.Errorf("%s %.50q is not a GUID", field, value)
	}
	return nil
}

func (d Dataset) refreshPath(id string) (string, error) {
	base, err := d.path()
	if err == nil && !refreshID.MatchString(id) {
		err = fmt.Errorf("refresh id %.70q is not an id that Power BI gave", id)
	}
	return base + "/" + id, err
}

// invalid is the Error of an argument that is refused before anything is sent.
func invalid(k *call, err error) *Error {
	return &Error{Op: k.op, Code: CodeBadRequest, Message: foreign.Masked(err.Error(), maxMessage), Outcome: NotSent, err: err}
}
