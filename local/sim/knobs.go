package sim

import "time"

// DefaultDuration is how long a refresh runs by default.
const DefaultDuration = 4 * time.Second

// BusyMode is a model's reaction to a refresh request while it has an unfinished one.
type BusyMode string

// Documented (asynchronous-refresh, versions 2021, 2023, 2025): 409, then 400. Seen: a bare 400
// (microsoft/PowerBI-CSharp#120). Documented: under many requests one runs, the next is queued, the rest are dropped;
// unverified: when that happens instead of a rejection, so only these knobs cause it.
const (
	Busy400   BusyMode = ""      // reject with 400 and the busy text
	Busy409   BusyMode = "409"   // reject with 409 and the busy text
	BusyBare  BusyMode = "bare"  // reject with 400 and no body
	BusyQueue BusyMode = "queue" // accept: queue one, drop the rest
	BusyDrop  BusyMode = "drop"  // accept and drop
)

// IDHeaders selects the headers of an enhanced 202 that have the refresh id. Some clients read only one of them (seen).
type IDHeaders string

// RequestId is on every answer; with OnlyLocation and OnlyRequestHeader it is an unrelated correlation id.
const (
	AllHeaders        IDHeaders = ""
	OnlyLocation      IDHeaders = "location"
	OnlyRequestHeader IDHeaders = "x-ms-request-id"
	OnlyRequestID     IDHeaders = "requestid"
)

// Knobs are the switches of one model. The zero value is the behaviour that the sources agree on.
type Knobs struct {
	Duration   time.Duration // how long a refresh runs; 0 means DefaultDuration
	StartDelay time.Duration // how long an accepted refresh is NotStarted
	Stuck      bool          // refreshes stay in progress (paused capacity) until this is switched off

	Busy            BusyMode
	DailyLimit      int  // API and scheduled refreshes a day; 0 means no limit
	QuotaAtMidnight bool // unverified: the default is a rolling 24 h; true resets at midnight UTC
	Push            bool // a push dataset: 415
	Query           func(dax string) QueryResult
	Provider        string // contentProviderType, such as PbixInDirectQueryMode; default PbixInImportMode (seen)
	Gateway         bool   // the data source needs an on-premises gateway
	Unbound         bool   // ... and is not bound to one

	IDHeaders     IDHeaders
	KeepRequestID bool          // unverified: the refresh id is the RequestId of the request; the default is an id of Power BI's own
	ListAfter     time.Duration // the id is unknown to history and detail for so long (seen: apache/airflow#44618)
	VanishAfter   time.Duration // the id disappears this long after it was accepted
	RenumberRows  bool          // the history and detail have another id than the 202
	OmitRequestID bool          // history rows without requestId

	OmitExtendedStatus bool   // unverified: history rows of enhanced refreshes have extendedStatus; true omits it
	InProgressWord     bool   // detail says "InProgress" (AR) instead of "Unknown" (swagger) while running
	RunningWord        string // an unknown status word while running
	EndWord            string // an unknown status word at the end
	BareHistory        bool   // the history is a bare array (AR) instead of an envelope

	CancelTakes  time.Duration // from the DELETE to the end
	IgnoreCancel bool          // the refresh ends as if there had been no DELETE (seen: semantic-link-labs)

	StandardDetailRefused bool // unverified: detail of a standard refresh works; true answers 400
	RefuseMail            bool // unverified: a mail notifyOption by a service principal is accepted; true answers 400

	Tables []string // the tables in the detail of a whole-model refresh; default DimDate, FactSales
}

func (k Knobs) duration() time.Duration {
	if k.Duration == 0 {
		return DefaultDuration
	}
	return k.Duration
}

func (k Knobs) tables() []string {
	if len(k.Tables) == 0 {
		return []string{"DimDate", "FactSales"}
	}
	return k.Tables
}
