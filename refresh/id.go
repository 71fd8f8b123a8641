package refresh

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"pbirefresh/refresh/machine"
)

// ID names an operation: its model, the epoch of the model's document, and its number
// there. It is no secret and the same for every caller who shares the operation.
// What gives access is the signature beside it: see [Link].
type ID struct {
	Model  machine.Model
	Epoch  string // 16 hex digits
	Number int64
}

// ErrBadID reports that an id or a signature is malformed, altered or has expired. Callers
// do not learn which.
var ErrBadID = errors.New("refresh: no such operation id")

// String returns the id as it stands in URLs, logs and records:
// workspaceId_datasetId_epoch_number.
func (id ID) String() string {
	return fmt.Sprintf("%s_%s_%s_%d", id.Model.WorkspaceID, id.Model.DatasetID, id.Epoch, id.Number)
}

const guidPattern = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`

var idPattern = regexp.MustCompile(`^(` + guidPattern + `)_(` + guidPattern + `)_([0-9a-f]{16})_([1-9][0-9]{0,17})$`)

// ParseID reads an id as [ID.String] writes it, or returns ErrBadID.
func ParseID(text string) (ID, error) {
	m := idPattern.FindStringSubmatch(text)
	if m == nil {
		return ID{}, ErrBadID
	}
	number, err := strconv.ParseInt(m[4], 10, 64)
	if err != nil {
		return ID{}, ErrBadID
	}
	return ID{Model: machine.Model{WorkspaceID: m[1], DatasetID: m[2]}, Epoch: m[3], Number: number}, nil
}

// random returns n random bytes in hex.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}
