//go:build clients

package integrations

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// python runs a program of the environment that `make clients` installs.
func python(t *testing.T, program string, env []string, args ...string) ([]byte, error) {
	t.Helper()
	folder := "bin"
	if runtime.GOOS == "windows" {
		folder = "Scripts"
	}
	path, err := filepath.Abs(filepath.Join("..", "..", "build", "python", folder, program))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(patience(t), path, args...)
	cmd.Stderr, cmd.Env = os.Stderr, append(os.Environ(), env...)
	return cmd.Output()
}

// installedClients are the pollers that need more than Go and Node.
func installedClients() map[string]client {
	all := pythonClients()
	maps.Copy(all, javaClients())
	return all
}

// pythonClients are the poller of the Azure SDKs for Python: checks/lro.py.
func pythonClients() map[string]client {
	return map[string]client{
		"azure-core for Python":                       {azureCore("both"), "failed"},
		"azure-core for Python by Operation-Location": {azureCore("operation-location"), "failed"},
		"azure-core for Python by Location":           {azureCore("location"), "failed"},
	}
}

func azureCore(way string) func(*testing.T, *app, sim.Ref, bool) ended {
	return func(t *testing.T, a *app, ref sim.Ref, cancel bool) ended {
		t.Helper()
		env := []string{"PBIREFRESH_KEY=" + a.host.FunctionKey()}
		if cancel {
			env = append(env, "CANCEL=yes")
		}
		out, err := python(t, "python", env, filepath.Join("checks", "lro.py"), way, a.host.URL(), ref.Workspace, ref.Model)
		var got struct {
			Status, Message string
			Result          handler.StatusDocument
		}
		if err == nil {
			err = json.Unmarshal(out, &got)
		}
		if err != nil {
			return ended{"broken", err.Error(), got.Result}
		}
		return ended{got.Status, got.Message, got.Result}
	}
}
