//go:build clients

package integrations

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// javaClients are the poller of the Azure SDKs for Java: checks/Lro.java.
func javaClients() map[string]client {
	return map[string]client{
		"azure-core for Java":             {javaCore("both"), "canceled"},
		"azure-core for Java by Location": {javaCore("location"), "failed"},
	}
}

func javaCore(way string) func(*testing.T, *app, sim.Ref, bool) ended {
	return func(t *testing.T, a *app, ref sim.Ref, cancel bool) ended {
		t.Helper()
		libraries := filepath.Join("..", "..", "build", "java", "*")
		cmd := exec.CommandContext(patience(t), "java", "-cp", libraries, filepath.Join("checks", "Lro.java"), way, a.host.URL(), ref.Workspace, ref.Model)
		cmd.Stderr, cmd.Env = os.Stderr, append(os.Environ(), "PBIREFRESH_KEY="+a.host.FunctionKey())
		if cancel {
			cmd.Env = append(cmd.Env, "CANCEL=yes")
		}
		out, err := cmd.Output()
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
