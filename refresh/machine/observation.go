package machine

import (
	"slices"
	"strings"
	"time"
)

// Observed says what a look at Power BI has shown. A look that failed has an Err and
// nothing else.
type Observed struct {
	At
	Txn        string    // the attempt that was looked for; empty when only the model was
	SentAt     time.Time // when the request left, on the storage service's clock
	Err        *Fault
	RetryAfter time.Duration // how long not to look again, after a 429
	Gone       bool          // with an Err: history and model both answered that they are not there
	There      bool          // with an Err: the model is there

	Detail bool          // Rows holds exactly the attempt's refresh, not a history
	Rows   []Row         // newest first
	Skew   time.Duration // Power BI's clock minus storage's
	Fuzz   time.Duration // how wrong Skew may be
}

// Row is one refresh as Power BI shows it.
type Row struct {
	ID      string // empty: Power BI did not say
	Type    string // ViaApi, ViaEnhancedApi, Scheduled, OnDemand, ...
	Start   time.Time
	End     time.Time
	State   RowState
	Word    string // Power BI's own status word
	Fault   *Fault
	Objects []Progress
	Asked   Asked // in details only
}

// RowState is what a row says, read with care: a word that is not known is in
// progress as long as the row has no end.
type RowState string

// The states of a row.
const (
	RowInProgress RowState = "inProgress"
	RowCompleted  RowState = "completed"
	RowFailed     RowState = "failed"
	RowCancelled  RowState = "cancelled"
	RowDisabled   RowState = "disabled"
)

// Asked is what the details of a refresh show of the request for it.
type Asked struct{ Type, CommitMode string }

// LongestRefresh is how long a refresh can take at most, with all its repeats
// (Power BI: documented, Refresh Dataset In Group).
const LongestRefresh = 24 * time.Hour

// atWork reports whether the row shows that the model is occupied. A row that has been
// "Unknown" for longer than any refresh can take shows nothing: a POST finds out, since a
// busy answer is definitive.
func (r Row) atWork(e Observed) bool {
	if r.State != RowInProgress {
		return false
	}
	return r.Start.IsZero() || e.SentAt.Add(e.Skew).Sub(r.Start) < LongestRefresh+e.Fuzz
}

// FindRow returns the row with an id.
func FindRow(rows []Row, id string) (Row, bool) {
	i := slices.IndexFunc(rows, func(r Row) bool { return strings.EqualFold(r.ID, id) })
	if i < 0 {
		return Row{}, false
	}
	return rows[i], true
}

// findAny returns the first row that has one of the ids.
func findAny(rows []Row, ids []string) (Row, bool) {
	for _, id := range ids {
		if row, found := FindRow(rows, id); found && id != "" {
			return row, true
		}
	}
	return Row{}, false
}

// key names a row that may lack an id.
func (r Row) key() string {
	if r.ID != "" {
		return r.ID
	}
	return r.Type + "@" + r.Start.UTC().Format(time.RFC3339Nano)
}

// fault is why the row failed, never nil.
func (r Row) fault() *Fault {
	if r.Fault != nil {
		return r.Fault
	}
	return &Fault{Code: CodeRefreshFailed, Message: "Power BI reports the refresh as " + r.Word + " and gives no reason.",
		Remedy: "Look at the refresh history of the model in the Power BI portal."}
}
