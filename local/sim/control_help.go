package sim

import (
	"fmt"
	"net/http"
	"strings"
)

// help prints a page of curl lines that can be pasted as they are.
func help(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	base := "http://" + r.Host + "/sim"
	model := base + "/models/" + WorkspaceID + "/" + SalesModel
	_, _ = fmt.Fprintf(w, helpPage, helpArgs(base, model)...)
}

func helpArgs(base, model string) []any {
	return []any{
		base, base, model,
		model, model, model, model,
		model, model, strings.Join(KnobNames(), ", "),
		base, base, base, base, joined(FaultKinds()), joined(Ops()), joined(FailureClasses()),
		base, base, base, base, base, SecretName, base, SecretName, base,
	}
}

func joined[T ~string](list []T) string {
	var words []string
	for _, v := range list {
		words = append(words, string(v))
	}
	return strings.Join(words, ", ")
}

const helpPage = `The control plane of the emulators of Power BI, Entra ID, managed identity and Key Vault.

LOOK
  curl -s '%s/journal?after=0'
  curl -s '%s/state'
  curl -s '%s/refreshes'

REFRESHES OF A MODEL
  curl -X POST '%s/busy?for=30s'                 a refresh from the portal (via=Scheduled for the schedule; no "for": until finished)
  curl -X POST '%s/finish'                       end what is running (class=credentials: as a failure)
  curl -X POST '%s/fail-next?class=credentials'
  curl -X POST '%s/fail-next?class=wrapped-key'

KNOBS OF A MODEL
  curl -X POST '%s/set?duration=20s&busy=queue'
  curl -X POST '%s/set?stuck=true'
  names: %s

FAULTS OF THE NEXT CALLS
  curl -X POST '%s/faults?kind=cut-after&op=start'
  curl -X POST '%s/faults?op=start&land=30s'     the request arrives late, whether or not the caller waits
  curl -X DELETE '%s/faults'
  curl -X POST '%s/throttle?retryAfter=20'       (op=start: only those calls)
  kinds: %s
  ops: %s
  failure classes: %s

PERMISSIONS AND SECRETS
  curl -X POST '%s/access?mode=setting-off'      (not-in-group, conditional-access; empty: allowed)
  curl -X POST '%s/entra/revoke'
  curl -X POST --data new-secret '%s/entra/secret'
  curl -X POST --data old-secret '%s/entra/secret?expired=1'
  curl -X POST --data new-secret '%s/vault/%s'
  curl -X DELETE '%s/vault/%s'
  curl -X POST '%s/vault-access?on=false'
`
