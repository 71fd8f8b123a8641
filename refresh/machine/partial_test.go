package machine

import (
	"slices"
	"testing"
)

func TestCredit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, asked, told string
		done, want        []int
	}{
		{"some", "A,B,C", "A:Completed,B:Failed,C:Completed", nil, []int{0, 2}},
		{"in any case", "A,B", "A:completed,B:FAILED", nil, []int{0}},
		{"none", "A,B", "A:Failed,B:Cancelled", nil, nil},
		{"all, and yet it failed", "A,B", "A:Completed,B:Completed", nil, nil},
		{"one is not told of", "A,B,C", "A:Completed,B:Failed", nil, nil},
		{"one without a status", "A,B", "A:Completed,B:", nil, nil},
		{"one by its partitions", "A,B", "A/1:Completed,A/2:Completed,B:Failed", nil, nil},
		{"another partition", "A/1,B", "A/2:Completed,B:Failed", nil, nil},
		{"others besides", "A,B", "X:Completed,A:Completed,B:Failed,Y:Failed", nil, []int{0}},
		{"twice, once failed", "A,B,C", "A:Completed,A:Failed,B:Completed,C:Failed", nil, []int{1}},
		{"twice, first failed", "A,B,C", "A:Failed,A:Completed,B:Completed,C:Failed", nil, []int{1}},
		{"the rest of it", "A,B,C", "B:Completed,C:Failed", []int{0}, []int{0, 1}},
		{"what was done, failed by others", "A,B,C", "A:Failed,B:Failed,C:Completed", []int{0}, []int{0, 2}},
		{"all of the rest", "A,B", "B:Completed", []int{0}, []int{0}},
		{"still at work", "A,B", "A:InProgress,B:Completed", nil, []int{1}},
	} {
		op := Operation{Shape: newScenario(t).ask([]string{"tables=" + tc.asked, "commit=PartialBatch"}).Shape, Done: tc.done}
		op.credit(Row{State: RowFailed, Objects: progressOf(tc.told)})
		if !slices.Equal(op.Done, tc.want) || op.impossiblyDone() {
			t.Errorf("%s: %v, want %v", tc.name, op.Done, tc.want)
		}
		if left := op.wanted(); left.whole() || len(left.Objects)+len(op.Done) != len(op.Shape.Objects) {
			t.Errorf("%s: %v is left of %v", tc.name, left.Objects, op.Shape.Objects)
		}
	}
}

// Only a partial commit leaves anything done, and only one that failed has a rest.
func TestCreditOnlyForAPartialCommit(t *testing.T) {
	t.Parallel()
	told := progressOf("A:Completed,B:Failed")
	for name, tc := range map[string]struct {
		commit string
		state  RowState
		table  []Object
	}{
		"one transaction": {"Transactional", RowFailed, objects("A", "B")},
		"by default":      {"", RowFailed, objects("A", "B")},
		"cancelled":       {partialBatch, RowCancelled, objects("A", "B")},
		"disabled":        {partialBatch, RowDisabled, objects("A", "B")},
		"at work":         {partialBatch, RowInProgress, objects("A", "B")},
		"the whole model": {partialBatch, RowFailed, nil},
	} {
		op := Operation{Shape: Shape{Kind: Enhanced, CommitMode: tc.commit, Objects: tc.table}}
		if op.credit(Row{State: tc.state, Objects: told}); op.Done != nil {
			t.Errorf("%s: %v is done", name, op.Done)
		}
	}
}
