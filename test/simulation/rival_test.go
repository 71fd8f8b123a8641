package simulation

import (
	"context"
	"net/http"
	"strings"
	"time"

	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Another tool of the tenant, with the same API.
const rivalID = "7e4a0000-51b1-4d00-8000-0000000000cc"

// losePartitions lets the answer to a request be lost whose refresh the details tell all
// of, and now and then another tool ask for exactly the same at about that time.
func (w *world) losePartitions(d dice) {
	ref, c := w.anyModel(d), w.newCaller()
	shape := machine.Shape{Kind: machine.Enhanced, Type: "Full", ApplyPolicy: new(false),
		Objects: []machine.Object{{Table: "FactSales", Partition: "2025"}, {Table: "FactSales", Partition: "2026"}}}
	f := sim.Fault{Kind: pick(d, sim.CutAfter, sim.ErrorAfter), Op: sim.OpStart, Delay: d.between(0, min(w.limits.land, 30*time.Second))}
	if err := w.cloud.Fail(f); err != nil {
		w.oracle.violated("%v", err)
	}
	w.actors.Go(func() {
		c.serve(refresh.Request{Model: machine.Model{WorkspaceID: ref.Workspace, DatasetID: ref.Model},
			Ask: machine.Ask{Shape: shape, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 3}})
	})
	if d.chance(0.3) {
		w.mingled = true
		w.later(d.between(0, 2*time.Minute), func() {
			w.rival(ref, `{"type":"Full","objects":[{"table":"FactSales","partition":"2025"},{"table":"FactSales","partition":"2026"}],"applyRefreshPolicy":false}`)
		})
	}
}

// rival asks for a refresh with that body, as another application.
func (w *world) rival(ref sim.Ref, body string) {
	w.cloud.Entra.AddApp(sim.TenantID, rivalID)
	if err := w.cloud.PowerBI.Grant(ref.Workspace, rivalID, sim.RoleAdmin); err != nil {
		w.oracle.violated("%v", err)
	}
	token, _, err := w.cloud.Entra.Token(sim.TenantID, rivalID, sim.Audiences()[0])
	if err != nil {
		w.oracle.violated("%v", err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost,
		"https://"+sim.PowerBIHost+"/v1.0/myorg/groups/"+ref.Workspace+"/datasets/"+ref.Model+"/refreshes", strings.NewReader(body))
	if err != nil {
		w.oracle.violated("%v", err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if resp, err := w.network.RoundTrip(req); err == nil && resp.StatusCode == http.StatusAccepted {
		w.cover.hit("rival of the same shape")
	}
}
