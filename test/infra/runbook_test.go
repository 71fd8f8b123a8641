package checks

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeWritten = regexp.MustCompile(`Code[A-Za-z]* *(?:Code )?= "([A-Za-z]+)"`)
	codeInTable = regexp.MustCompile("`([A-Z][A-Za-z]*[a-z][A-Za-z]*)`")
)

// codesOf are the codes that a file of the program declares.
func codesOf(t *testing.T, names ...string) (all []string) {
	t.Helper()
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeWritten.FindAllStringSubmatch(string(b), -1) {
			all = append(all, m[1])
		}
	}
	return all
}

// TestRunbookKnowsTheCodes: what a failed refresh or slot can have as its code is in the
// tables, and nothing that the program does not have.
func TestRunbookKnowsTheCodes(t *testing.T) {
	t.Parallel()
	// The first never end a refresh as failed: they are refusals, what a caller wanted, or
	// passing, so that the refresh is settled or tried again under another code.
	never := strings.Fields("OperationCanceled QueueFull QueueShareUsed IdempotencyKeyReused CancelNotSupported OperationFinished OperationNotFound StateUnavailable NewerVersion " +
		"Busy QuotaExceeded AlreadyFinished Unavailable Unexpected Unreachable Timeout Canceled")
	all := codesOf(t, "refresh/machine/words.go", "powerbi/errors.go", "schedule/plan.go", "schedule/source.go", "schedule/starts.go")
	if len(all) < 35 {
		t.Fatalf("only %v", all)
	}
	sections := runbookSections(tree(t))
	var listed []string
	for line := range strings.Lines(sections["failed"] + sections["schedule_failed"] + sections["throttled"]) {
		if first, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok || regexp.MustCompile(`^[0-9]\.`).MatchString(line) {
			for _, m := range codeInTable.FindAllStringSubmatch(first, -1) {
				listed = append(listed, m[1])
			}
		}
	}
	for _, code := range all {
		if !slices.Contains(listed, code) && !slices.Contains(never, code) {
			t.Errorf("docs/runbook.md does not say what to do about %s", code)
		}
	}
	for _, code := range listed {
		if !slices.Contains(all, code) {
			t.Errorf("docs/runbook.md knows the code %s, and the program does not", code)
		}
	}
}
