package checks

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"pbirefresh/test/infra/config"
)

// Tree is the part of the project that the checks read, by slash-separated path from its
// root. A copy with a mistake in it is a Tree as well.
type Tree map[string][]byte

// Load reads the tree of the project at root.
func Load(root string) (Tree, error) {
	t := Tree{}
	for _, pattern := range []string{
		"infra/*.tf", "infra/*.json", "infra/*.sh", "infra/*.ps1", "infra/examples/*.tfvars", "infra/tests/*.hcl", "infra/tests/example/*.hcl", "host.json", "functions/*/function.json",
		"local.settings.json.example", "azure.yaml", "Makefile", "docs/*.md", ".github/workflows/*.yml",
	} {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			relative, err := filepath.Rel(root, name)
			if err != nil {
				return nil, err
			}
			t[filepath.ToSlash(relative)] = b
		}
	}
	return t, nil
}

// With returns a copy in which one text, which must be there exactly once, is another.
func (t Tree) With(name, old, now string) (Tree, error) {
	if n := strings.Count(string(t[name]), old); n != 1 {
		return nil, fmt.Errorf("the text is in %s %d times, not once:\n%s", name, n, old)
	}
	changed := Tree{}
	for k, v := range t {
		changed[k] = v
	}
	changed[name] = []byte(strings.Replace(string(t[name]), old, now, 1))
	return changed, nil
}

// Files returns what is directly in a folder and ends so, by base name.
func (t Tree) Files(folder, end string) map[string][]byte {
	files := map[string][]byte{}
	for name, b := range t {
		if path.Dir(name) == folder && strings.HasSuffix(name, end) {
			files[path.Base(name)] = b
		}
	}
	return files
}

// Config parses infra/.
func (t Tree) Config() (*config.Config, error) { return config.Parse(t.Files("infra", ".tf")) }

// minimal is the example that every switch is turned on top of.
const minimal = "examples/minimal.tfvars"

// Variants are the sets of variables that every rule must hold for, as files in the form of
// .tfvars: the examples, and one for each switch.
func (t Tree) Variants() map[string][]string {
	all := map[string][]string{}
	for name, b := range t.Files("infra/examples", ".tfvars") {
		all["examples/"+name] = []string{string(b)}
	}
	for name, text := range switches() {
		all[name] = []string{string(t["infra/"+minimal]), text}
	}
	return all
}

// switches are turned one by one on top of examples/minimal.tfvars.
func switches() map[string]string {
	const id = "00000000-0000-0000-0000-0000000000aa"
	return map[string]string{
		"premium":        `plan = "premium"` + "\nmaximum_instances = 5\n",
		"dedicated":      `plan = "dedicated"` + "\nmaximum_instances = 1\n",
		"always ready":   `always_ready = { http = 1, "function:RefreshSweep" = 1 }`,
		"private":        "private_network = true\n" + `allowed_ips = ["203.0.113.7"]`,
		"fully private":  "private_network = true\nprivate_inbound = true\nplan = \"premium\"\nmaximum_instances = 3\n",
		"easy auth":      `easy_auth = { client_id = "` + id + `" }`,
		"china":          `cloud = "china"` + "\nprivate_network = true\n",
		"certificate":    `powerbi_auth = "keyvault-certificate"`,
		"own identity":   `powerbi_auth = "managed-identity"` + "\n" + `powerbi_client_id = ""`,
		"federated":      `powerbi_auth = "federated"`,
		"watched":        `alert_emails = ["a@example.com", ""]` + "\nbudget = 50\n" + `deployer_ids = ["` + id + `"]` + "\n" + `secret_officer_ids = ["` + id + `"]`,
		"extra settings": `extra_settings = { MAX_WAIT = "60s" }` + "\n" + `allowed_models = ["` + id + `"]` + "\n" + `public_base_url = "https://refresh.example.com"`,
		"audit read":     `audit_reader_ids = ["` + id + `"]`,
		"audit together": `audit_container = ""`,
		"old group":      `existing_resource_group = "rg-old"` + "\nlock_state = false\n",
	}
}
