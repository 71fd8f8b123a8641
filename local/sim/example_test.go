package sim_test

import (
	"context"
	"fmt"
	"net/http"

	"pbirefresh/local/sim"
)

// A refresh request whose answer is lost: the caller sees an error, Power BI works.
func ExampleCloud_Transport() {
	cloud := sim.NewCloud(sim.Options{})
	_ = cloud.Fail(sim.Fault{Kind: sim.CutAfter, Op: sim.OpStart})
	token, _, _ := cloud.Token()

	url := "https://" + sim.PowerBIHost + "/v1.0/myorg/groups/" + sim.WorkspaceID + "/datasets/" + sim.SalesModel + "/refreshes"
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, url, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	_, err := (&http.Client{Transport: cloud.Transport()}).Do(req) //nolint:bodyclose // there is no answer
	counters, _ := cloud.PowerBI.Counters(sim.Sales())
	fmt.Println("caller got an answer:", err == nil)
	fmt.Println("Power BI accepted:", counters.Accepted)
	// Output:
	// caller got an answer: false
	// Power BI accepted: 1
}

// A World for another process: start it with the World's environment.
func ExampleStart() {
	w, err := sim.Start(sim.WorldOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = w.Close() }()
	fmt.Println(w.Env()["POWERBI_CLIENT_SECRET_NAME"], len(w.Environ()) >= 10)
	// Output:
	// powerbi-client-secret true
}
