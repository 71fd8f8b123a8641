package checks

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// | `state` | Storage Blob Data Contributor | `guid` | scope | why |
	assignmentRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([A-Z][A-Za-z ]+) \\| `([0-9a-f-]{36})` \\| .+ \\| .+ \\|$")
	// blob_owner = "guid" # Storage Blob Data Owner
	roleLine = regexp.MustCompile(`(?m)^\s*\w+\s*= "([0-9a-f-]{36})" # (.+)$`)
)

// The runbook says that the status keys are never deleted, and what to do after a leak, as
// SECURITY.md does, to which it leads.
func TestRunbookAndSecurityAgreeOnTheStatusKey(t *testing.T) {
	t.Parallel()
	book := string(tree(t)["docs/runbook.md"])
	security, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	const rotate = "`pbirefresh keys rotate --force`, twice"
	if want := "Never delete `keys/status.json`**"; !strings.Contains(book, rotate) || !strings.Contains(book, want) || strings.Count(book, "keys/status.json") != 1 {
		t.Errorf("docs/runbook.md must mention the status key once, as %q", want)
	}
	if !strings.Contains(book, "(../SECURITY.md#what-a-leak-would-allow)") || !strings.Contains(string(security), "\n## What a leak would allow\n") {
		t.Error("docs/runbook.md does not lead to the leaks of SECURITY.md")
	}
	if !strings.Contains(string(security), rotate) {
		t.Errorf("SECURITY.md does not say %q", rotate)
	}
}

// SECURITY.md has each role that is assigned, by the name and GUID that infra/roles.tf
// gives it, and no other.
func TestLeastPrivilegeIsWhatIsAssigned(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, m := range roleLine.FindAllStringSubmatch(string(tree(t)["infra/roles.tf"]), -1) {
		names[m[1]] = m[2]
	}
	want := map[string]string{}
	for address, g := range grants() {
		want[strings.TrimPrefix(address, "azurerm_role_assignment.")] = names[g.role] + " " + g.role
	}
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, m := range assignmentRow.FindAllStringSubmatch(string(text), -1) {
		listed[m[1]] = m[2] + " " + m[3]
	}
	if !maps.Equal(listed, want) || len(want) < 5 {
		t.Errorf("SECURITY.md: got\n%v, want the assigned roles\n%v", listed, want)
	}
	declared := regexp.MustCompile(`resource "azurerm_role_assignment" "(\w+)"`).FindAllStringSubmatch(string(tree(t)["infra/roles.tf"]), -1)
	for _, m := range declared {
		if !slices.Contains(slices.Collect(maps.Keys(want)), m[1]) {
			t.Errorf("infra/roles.tf assigns %s, which the rules do not list", m[1])
		}
	}
}
