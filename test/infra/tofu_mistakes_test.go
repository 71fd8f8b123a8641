//go:build tofu

package checks

import (
	"path/filepath"
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
