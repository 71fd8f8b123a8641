package powerbi

import "testing"

func TestMergeStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status, extended string
		want             Status
		result           Result
	}{
		// documented words of the history
		{"Unknown", "", StatusUnknown, InProgress},
		{"Completed", "", StatusCompleted, Succeeded},
		{"Failed", "", StatusFailed, Failed},
		{"Disabled", "", StatusDisabled, Failed},
		{"Cancelled", "", StatusCancelled, Cancelled}, // missing from a peer's terminal set: it polled for 7 days
		// documented words of extendedStatus
		{"Unknown", "NotStarted", StatusNotStarted, InProgress},
		{"Unknown", "InProgress", StatusInProgress, InProgress},
		{"InProgress", "", StatusInProgress, InProgress},
		{"Completed", "Completed", StatusCompleted, Succeeded},
		{"Failed", "TimedOut", StatusTimedOut, Failed},
		{"Unknown", "Cancelled", StatusCancelled, Cancelled},
		{"Unknown", "Disabled", StatusDisabled, Failed},
		// extendedStatus that says nothing does not hide status
		{"Completed", "Unknown", StatusCompleted, Succeeded},
		{"", "", StatusUnknown, InProgress},
		{"", "Failed", StatusFailed, Failed},
		// any case, both spellings
		{"completed", "", StatusCompleted, Succeeded},
		{"CANCELED", "", StatusCancelled, Cancelled},
		{" Failed ", "", StatusFailed, Failed},
		// words that are not known are kept and end nothing
		{"Paused", "", "Paused", InProgress},
		{"Completed", "Verifying", "Verifying", InProgress},
	} {
		got := mergeStatus(tt.status, tt.extended)
		if got != tt.want || got.Result() != tt.result || got.Terminal() != (tt.result != InProgress) {
			t.Errorf("(%q, %q): got %q, %v; want %q, %v", tt.status, tt.extended, got, got.Result(), tt.want, tt.result)
		}
		if known := tt.want != "Paused" && tt.want != "Verifying"; got.Known() != known {
			t.Errorf("%q: known is %v", got, got.Known())
		}
	}
}
