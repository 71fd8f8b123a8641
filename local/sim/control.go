package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Control is the control plane over HTTP, for humans with curl; GET /sim/ explains it. It has no authentication.
type Control struct {
	cloud *Cloud
	mux   *http.ServeMux
}

// action is one call: it returns what to show, or an error that becomes a 400.
type action func(*http.Request) (any, error)

// NewControl returns the control plane of a Cloud.
func NewControl(c *Cloud) *Control {
	ctl := &Control{cloud: c, mux: http.NewServeMux()}
	for pattern, do := range map[string]action{
		"GET /sim/journal":   ctl.journal,
		"GET /sim/state":     ctl.state,
		"GET /sim/faults":    func(*http.Request) (any, error) { return c.Faults(), nil },
		"POST /sim/faults":   ctl.addFault,
		"DELETE /sim/faults": func(*http.Request) (any, error) { c.ClearFaults(); return "cleared", nil },
		"POST /sim/throttle": ctl.throttle,
		"POST /sim/access":   ctl.access,

		"POST /sim/entra/secret":          ctl.entraSecret,
		"POST /sim/entra/revoke":          ctl.revoke,
		"POST /sim/vault/{secret}":        ctl.vaultSecret,
		"DELETE /sim/vault/{secret}":      ctl.vaultDelete,
		"POST /sim/vault-access":          ctl.vaultAccess,
		modelPath("POST", "busy"):         ctl.busy,
		modelPath("POST", "finish"):       ctl.finish,
		modelPath("POST", "fail-next"):    ctl.failNext,
		modelPath("POST", "set"):          ctl.set,
		modelPath("GET", "refreshes"):     ctl.refreshes,
		"POST /sim/workspaces/{g}/shared": ctl.move,
	} {
		ctl.mux.HandleFunc(pattern, ctl.run(do))
	}
	ctl.mux.HandleFunc("GET /sim/{$}", help)
	ctl.mux.HandleFunc("GET /{$}", help)
	return ctl
}

func modelPath(method, what string) string { return method + " /sim/models/{g}/{d}/" + what }

// ServeHTTP implements [http.Handler].
func (ctl *Control) ServeHTTP(w http.ResponseWriter, r *http.Request) { ctl.mux.ServeHTTP(w, r) }

func (ctl *Control) run(do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		result, err := do(r)
		if err != nil {
			jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
			return
		}
		if r.Method != http.MethodGet {
			st := ctl.cloud.PowerBI.stage
			st.journal.record(Entry{Time: st.now(), Kind: KindControl, Method: r.Method, Path: r.URL.Path, Model: refOf(r)})
			st.journal.publish()
		}
		body, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(append(body, '\n'))
	}
}

func refOf(r *http.Request) Ref {
	return Ref{Workspace: r.PathValue("g"), Model: r.PathValue("d")}
}

func (ctl *Control) journal(r *http.Request) (any, error) {
	after, err := number(r, "after", 0)
	return ctl.cloud.Journal.Entries(int64(after)), err
}

func (ctl *Control) state(*http.Request) (any, error) {
	type modelState struct {
		Model     Ref       `json:"model"`
		Counters  Counters  `json:"counters"`
		Refreshes []Refresh `json:"refreshes"`
	}
	list := []modelState{}
	for _, ref := range ctl.cloud.PowerBI.Models() {
		refreshes, err := ctl.cloud.PowerBI.Refreshes(ref)
		if err != nil {
			return nil, err
		}
		counters, err := ctl.cloud.PowerBI.Counters(ref)
		if err != nil {
			return nil, err
		}
		list = append(list, modelState{ref, counters, refreshes})
	}
	return list, nil
}

func number(r *http.Request, name string, otherwise int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is not a number", name, text)
	}
	return n, nil
}

// span reads a duration like 30s; a bare number is seconds.
func span(r *http.Request, name string) (time.Duration, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	d, err := parseSpan(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

func parseSpan(text string) (time.Duration, error) {
	if n, err := strconv.Atoi(text); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is no duration such as 30s", text)
	}
	return d, nil
}
