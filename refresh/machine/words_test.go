package machine

import "testing"

// TestRowsOfOthers: types of rows that were seen, and whether a refresh of ours may be one.
func TestRowsOfOthers(t *testing.T) {
	t.Parallel()
	for word, want := range map[string][2]bool{ // standard, enhanced
		"ViaApi": {true, false}, "ViaEnhancedApi": {false, true}, "ReliableProcessing": {false, true},
		"DirectLakeFraming": {true, true}, "": {true, true}, "NewWord": {true, true},
		"Scheduled": {}, "OnDemand": {}, "ViaXmlaEndpoint": {}, "OnDemandTraining": {}, "WebModeling": {},
	} {
		got := [2]bool{(&Attempt{Kind: Standard}).ofOurKind(word), (&Attempt{Kind: Enhanced}).ofOurKind(word)}
		if got != want {
			t.Errorf("%q: got %v for standard and enhanced, want %v", word, got, want)
		}
	}
}
