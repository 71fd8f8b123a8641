//go:build nightly

package integrations

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

// TestRealClients holds the simulator to two clients of other makers: they find the
// workspace and the model, follow a refresh to its end, and cancel another one. The
// clients are installed by `make clients-nightly`.
func TestRealClients(t *testing.T) {
	t.Parallel()
	for _, client := range []string{"pbipy", "airflow"} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			world, err := sim.Start(sim.WorldOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = world.Close() }()
			if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = 3 * time.Second }); err != nil {
				t.Fatal(err)
			}
			got := realClient(t, client, world)
			if got.Workspace != sim.WorkspaceID || !slices.Contains(got.Models, sim.SalesModel) {
				t.Errorf("%s found workspace %q and models %q, want %q and among them %q", client, got.Workspace, got.Models, sim.WorkspaceID, sim.SalesModel)
			}
			if want := []string{"Cancelled", "Completed"}; !slices.Equal(got.History, want) {
				t.Errorf("%s read the history %q, want %q", client, got.History, want)
			}
		})
	}
}

// seen is what a client saw.
type seen struct {
	Workspace string
	Models    []string
	History   []string // status of the refreshes, the newest first
}

// realClient runs checks/powerbi.py.
func realClient(t *testing.T, client string, world *sim.World) (got seen) {
	t.Helper()
	python, err := filepath.Abs(filepath.Join("..", "..", "build", "nightly", "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	file := filepath.Join(home, "seen.json")
	cmd := exec.CommandContext(patience(t), python, filepath.Join("checks", "powerbi.py"), client,
		world.PowerBIURL, strings.TrimSuffix(world.EntraURL, "/"), world.CAFile, sim.WorkspaceID, sim.SalesModel, file)
	cmd.Env = append(os.Environ(), "AIRFLOW_HOME="+home, "CLIENT_ID="+sim.ClientID, "CLIENT_SECRET="+sim.SecretValue, "TENANT_ID="+sim.TenantID)
	if printed, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", client, err, printed)
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil {
		t.Fatalf("%s wrote %q: %v", client, text, err)
	}
	return got
}
