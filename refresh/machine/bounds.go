package machine

// Bounds of the document. They keep it below 64 KiB.
const (
	MaxPending    = 32
	maxOwned      = MaxPending / 2 // pending operations of one owner
	plainReserve  = 2              // of MaxPending, for plain refreshes of the whole model
	plainRoom     = 4 << 10        // of MaxDocument, for the same
	maxShapeBytes = 24 << 10       // of all pending shapes together
	MaxDocument   = 60 << 10       // beyond it nothing new is admitted
	roomy         = 40 << 10       // beyond it finished operations move to the archive at once
	tryBytes      = 3 << 9         // about what is kept of a failed try
	KeepRecent    = 16             // finished operations that stay in the document
	keepTight     = 2              // ... of a large document
	maxObjects    = 32             // tables and partitions whose progress is shown, for all of an attempt
	fewObjects    = 2              // ... for each operation at least
	MaxDetail     = 500            // bytes of Power BI's own words in a fault
	keepOfShape   = 6              // lengths that are remembered of one shape
	keepShapes    = 6
	maxWrites     = 24
	maxWithdrawn  = 16
	maxKnown      = 64 // more than a history has rows (60: documented)
)
