//go:build tofu

package checks

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tofuMistakes are valid HCL and fit the schemas. What must be said, and by which file of
// infra/tests.
var tofuMistakes = map[string][]mistake{
	"switches": {
		{"keys on", "infra/storage.tf", "shared_access_key_enabled        = false", "shared_access_key_enabled        = true", "No account has keys"},
		{"asleep", "infra/site.tf", `var.plan == "dedicated" ? true : null`, "null", "never sleeps"},
		{"open", "infra/storage.tf", `default_action = var.private_network ? "Deny" : "Allow"`, `default_action = "Allow"`, "Storage is closed"},
		{"all secrets", "infra/roles.tf", `"${local.vault_id}/secrets/${local.credential_name}"`, "local.vault_id", "its one secret"},
		{"status closed", "infra/easyauth.tf", `"/api/refreshes/*"`, `"/api/refreshes"`, "status URLs do not"},
	},
	"given": {
		{"a second workspace", "infra/monitoring.tf", "count               = var.existing_workspace_id == null ? 1 : 0", "count               = 1", "Logs go to the workspace that is there"},
		{"the group's own name", "infra/group.tf", "coalesce(var.existing_resource_group, ", `coalesce("", `, "The resource group that is there"},
		{"an old TLS", "infra/site.tf", "scmMinTlsVersion = var.min_tls_version", `scmMinTlsVersion = "1.2"`, "TLS version is as said"},
		{"a deployer of storage", "infra/roles.tf", "local.flex ? toset([]) : toset(var.deployer_ids)", "toset(var.deployer_ids)", "needs the app, and no storage"},
		{"sign-in elsewhere", "infra/easyauth.tf", "${local.cloud.login}", "https://login.microsoftonline.com", "sign-in are China's"},
	},
	"refused": {
		{"no validation", "infra/variables_hosting.tf", `contains([512, 2048, 4096], var.instance_memory_mb)`, "var.instance_memory_mb > 0", "Missing expected failure"},
		{"secret as a setting", "infra/variables_app.tf", "AccountKey=|", "", "Missing expected failure"},
	},
}

// TestTofuFindsMistakes: the asserts of infra/tests are no decoration.
func TestTofuFindsMistakes(t *testing.T) {
	t.Parallel()
	b := newBench(t, tree(t))
	for file, list := range tofuMistakes {
		for _, m := range list {
			changed, err := tree(t).With(m.file, m.old, m.now)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(b.folder, filepath.Base(m.file))
			write(t, path, changed[m.file])
			out, err := b.run(t, "test", "-filter=tests/"+file+".tftest.hcl")
			write(t, path, tree(t)[m.file])
			if said := strings.Join(strings.Fields(string(out)), " "); err == nil || !strings.Contains(said, m.words) {
				t.Errorf("%s: %v, want %q in\n%s", m.name, err, m.words, out)
			}
		}
	}
}

// TestTofuFindsDeliberateMistakes: OpenTofu, or the rules on its plan, find the mistakes of
// mistakes.txt that only a plan shows.
func TestTofuFindsDeliberateMistakes(t *testing.T) {
	t.Parallel()
	b := newBench(t, tree(t))
	for _, m := range mistakes(t) {
		if !strings.HasSuffix(m.name, planMark) {
			continue
		}
		changed, err := tree(t).With(m.file, m.old, m.now)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(b.folder, filepath.FromSlash(strings.TrimPrefix(m.file, "infra/")))
		if strings.HasPrefix(m.file, "infra/") {
			write(t, path, changed[m.file])
		}
		if got := b.problems(t, changed, m.words); !strings.Contains(got, m.words) {
			t.Errorf("%s: the checks must say %q, and say:\n%s", m.name, m.words, got)
		}
		if strings.HasPrefix(m.file, "infra/") {
			write(t, path, tree(t)[m.file])
		}
	}
}

// problems are what is wrong with a tree, up to where the words are said: most mistakes are
// seen in the first variant.
func (b *bench) problems(t *testing.T, changed Tree, words string) string {
	t.Helper()
	var found findings
	variants, plans := changed.Variants(), map[string]*Plan{}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(variants)), func(n string) bool { return n == minimal || n == easyAuth })
	for i, name := range append([]string{minimal, easyAuth}, names...) {
		p, err := b.plan(t, variants[name]...)
		if plans[name] = p; err != nil {
			found.add("%s: %v", name, err)
		} else {
			for _, rule := range Rules() {
				found = append(found, rule(p)...)
			}
		}
		if i == 1 && plans[minimal] != nil && p != nil {
			for _, rule := range TreeRules() {
				found = append(found, rule(changed, plans[minimal], p)...)
			}
		}
		if strings.Contains(strings.Join(found, "\n"), words) {
			break
		}
	}
	return strings.Join(found, "\n")
}
