package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

const ada = "aaaaaaaa-0000-0000-0000-000000000001"

// principalOf is what App Service authentication adds to a request.
func principalOf(objectID string) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + objectID + `"},{"typ":"preferred_username","val":"ada@contoso.com"}],"name_typ":"n","role_typ":"r"}`))
}

// withPolicy allows ada everything on one model, and other callers nothing.
func withPolicy(t *testing.T, settings map[string]string) map[string]string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "policy.json")
	text := fmt.Sprintf(`{"version":1,"rules":[{"callers":[{"objectId":%q}],"may":["trigger","cancel"],"models":["%s/%s"]}]}`, ada, sim.WorkspaceID, sim.SalesModel)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings["POLICY_FILE"] = name
	return settings
}

// The policy applies to the caller that Easy Auth names. Without Easy Auth the same
// header gives no access.
func TestPolicyWithAndWithoutEasyAuth(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		world := newWorld(t)
		settings := withPolicy(t, inMemory())
		if on {
			settings["WEBSITE_AUTH_ENABLED"] = "True"
		}
		a := startApp(t, world, settings)
		as := func(principal string) []string { return []string{"X-MS-CLIENT-PRINCIPAL", principal} }
		if resp, text := a.call("POST", "/api/refreshes", body(sim.Finance()), as(principalOf(ada))...); resp.StatusCode != http.StatusForbidden {
			t.Errorf("another model: got %s, want 403: %s", resp.Status, text)
		}
		if resp, text := a.call("POST", "/api/refreshes", body(sim.Sales())); resp.StatusCode != http.StatusForbidden {
			t.Errorf("without a principal: got %s, want 403: %s", resp.Status, text)
		}
		resp, text := a.call("POST", "/api/refreshes", body(sim.Sales()), as(principalOf(ada))...)
		if !on {
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("a forged principal: %s %s", resp.Status, text)
			}
			continue
		}
		if resp.StatusCode != http.StatusAccepted {
			t.Fatalf("ada: %s %s", resp.Status, text)
		}
		cancel := cancelURL(resp.Header.Get("Location"))
		if resp, text := a.call("POST", cancel, ""); resp.StatusCode != http.StatusForbidden {
			t.Errorf("a cancel by a key alone: %s %s", resp.Status, text)
		}
		if resp, text := a.call("POST", cancel, "", as(principalOf(ada))...); resp.StatusCode != http.StatusAccepted {
			t.Errorf("a cancel by ada: %s %s", resp.Status, text)
		}
	}
}

// A key has the name that the policy gives its hash.
func TestPolicyByKey(t *testing.T) {
	t.Parallel()
	world, settings := newWorld(t), onAzurite(t)
	name := filepath.Join(t.TempDir(), "policy.json")
	settings["POLICY_FILE"] = name
	key := strings.Repeat("0123456789abcdef", 4)
	sum := sha256.Sum256([]byte(key))
	text := fmt.Sprintf(`{"version":1,"keys":{"adf-prod":%q},"rules":[{"callers":[{"key":"adf-prod"}],"may":["trigger"],"models":["*"]}]}`, hex.EncodeToString(sum[:]))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := startAppWithKey(t, world, settings, key)
	doc := a.trigger(body(sim.Sales()))
	if resp, text := a.call("POST", doc.TerminatePostURI, ""); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a cancel, which the key may not: %s %s", resp.Status, text)
	}
	if got := records(t, settings); len(got) != 1 || got[0].Caller != "key:adf-prod" {
		t.Errorf("on record: %+v", got)
	}
}

// records are what is on record in the container of the settings.
func records(t *testing.T, settings map[string]string) (all []audit.Record) {
	t.Helper()
	store, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["STATE_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range audit.Read(t.Context(), store, audit.Query{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// cancelURL is the URL that cancels what a status URL shows.
func cancelURL(statusURL string) string {
	return strings.Replace(strings.Replace(statusURL, "/refreshes/", "/operations/", 1), "?", "/cancel?", 1)
}

// Who asked, who cancelled and how it ended is on record: the ask when the 202 comes,
// the end also if the process died, and the records hold no way to read the status.
func TestTheTrailOfAnOperation(t *testing.T) {
	t.Parallel()
	world, settings := newWorld(t), onAzurite(t)
	maps.Copy(settings, map[string]string{"WEBSITE_AUTH_ENABLED": "true", "WEBSITE_HOSTNAME": "app.azurewebsites.net"})
	a := startApp(t, world, settings)
	if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = time.Hour }); err != nil {
		t.Fatal(err)
	}
	from := []string{"X-MS-CLIENT-PRINCIPAL", principalOf(ada), "X-Forwarded-For", "10.0.0.1, 203.0.113.7:4711"}
	resp, text := a.call("POST", "/api/refreshes", body(sim.Sales()), from...)
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%s %s", resp.Status, text)
	}
	got := records(t, settings)
	if len(got) != 1 || got[0].Event != audit.Asked || got[0].Caller != "object:"+ada || got[0].Name != "ada@contoso.com" || got[0].Address != "203.0.113.7" ||
		got[0].Operation != 1 || got[0].Request != resp.Header.Get("x-ms-request-id") {
		t.Fatalf("with the 202: %+v", got)
	}
	url := strings.Replace(resp.Header.Get("Location"), "https://app.azurewebsites.net", a.host.URL(), 1)
	if resp, text := a.call("DELETE", cancelURL(url), "", from...); resp.StatusCode != http.StatusAccepted {
		t.Errorf("%s %s", resp.Status, text)
	}
	if doc := a.finish(url); doc.Status != machine.StatusCanceled {
		t.Errorf("ended as %s", doc.Status)
	}
	got = eventually(t, settings, 3)
	events := map[audit.Event]audit.Record{}
	for _, r := range got {
		events[r.Event] = r
		if text := fmt.Sprintf("%+v", r); len(formsIn(text)) > 0 || len(leaks.in(text)) > 0 {
			t.Errorf("a record holds %v %v", formsIn(text), leaks.in(text))
		}
	}
	if c := events[audit.CancelAsked]; c.Caller != "object:"+ada || c.Operation != 1 || c.Cancel == nil || c.Cancel.Everybody {
		t.Errorf("the cancel: %+v", c)
	}
	if e := events[audit.Ended]; e.End == nil || e.End.Status != "Canceled" || e.Epoch != got[0].Epoch || len(e.End.RefreshID) != 1 {
		t.Errorf("the end: %+v", e)
	}
}

// eventually waits for so many records: an end is written right after it is saved.
func eventually(t *testing.T, settings map[string]string, want int) []audit.Record {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(50 * time.Millisecond) {
		if got := records(t, settings); len(got) >= want || time.Now().After(deadline) {
			if len(got) != want {
				t.Fatalf("%d records, want %d: %+v", len(got), want, got)
			}
			return got
		}
	}
}

// The processes of an app write one record of an end between them.
func TestOneEndOfManyProcesses(t *testing.T) {
	t.Parallel()
	world, settings := newWorld(t), onAzurite(t)
	a, b := startApp(t, world, settings), startApp(t, world, settings)
	doc := a.trigger(body(sim.Sales()))
	if err := a.host.KillHandler(); err != nil {
		t.Fatal(err)
	}
	sweepUntilDone(t, b, doc.StatusURL)
	b.trigger(body(sim.Sales())) // a section of the model in either process
	b.finish(b.trigger(body(sim.Sales())).StatusURL)
	a.finish(a.trigger(body(sim.Sales())).StatusURL)
	got := records(t, settings)
	ends := slices.DeleteFunc(got, func(r audit.Record) bool { return r.Event != audit.Ended })
	seen := map[int64]int{}
	for _, r := range ends {
		seen[r.Operation]++
	}
	if seen[1] != 1 {
		t.Errorf("operation 1 is %d times on record as ended: %v", seen[1], seen)
	}
	for number, n := range seen {
		if n != 1 {
			t.Errorf("operation %d has %d ends", number, n)
		}
	}
}

// A signature opens the status of its operation to one caller and nothing else: it is no
// key, wherever it is put, and one that is altered opens nothing at all.
func TestASignatureOpensItsStatusAndNothingElse(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	a := startApp(t, world, inMemory())
	if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = time.Hour }); err != nil {
		t.Fatal(err)
	}
	doc := a.trigger(body(sim.Sales()))
	_, sig, _ := strings.Cut(doc.StatusURL, "?sig=")
	operation := "/api/operations/" + doc.ID
	for _, request := range []string{
		"POST /api/refreshes", "GET " + operation, "POST " + operation + "/cancel", "DELETE " + operation + "/cancel",
		"POST " + operation + "/cancel-all", "POST " + operation + "/cancel-for-all", "POST " + operation + "/rerun",
		"GET /api/operations", "GET /api/health/ready",
	} {
		method, path, _ := strings.Cut(request, " ")
		for _, key := range []string{"", sig} {
			if resp, text := a.call(method, path+"?sig="+sig, body(sim.Sales()), "x-functions-key", key); resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with %d bytes of key: %s %s", request, len(key), resp.Status, text)
			}
			if resp, _ := a.call(method, path+"?sig="+sig+"&code="+key, body(sim.Sales()), "x-functions-key", ""); resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with %d bytes of code: %s", request, len(key), resp.Status)
			}
		}
	}
	status := "/api/refreshes/" + doc.ID
	if resp, _ := a.call("GET", status+"?sig="+sig+"&wait=0", "", "x-functions-key", ""); resp.StatusCode != http.StatusAccepted {
		t.Errorf("its own status: %s", resp.Status)
	}
	for _, query := range []string{
		"", "?sig=", "?sig=" + sig[:len(sig)-1], "?sig=" + sig + "A", "?sig=" + strings.ToLower(sig), "?sig=" + sig + "&sig=" + sig, "?sig=" + sig[:20] + "AAAA" + sig[24:],
	} {
		if resp, text := a.call("GET", status+query, "", "x-functions-key", ""); resp.StatusCode != http.StatusNotFound {
			t.Errorf("GET status%s: %s %s", query, resp.Status, text)
		}
	}
	if resp, text := a.call("GET", status[:len(status)-1]+"2?sig="+sig, "", "x-functions-key", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another operation: %s %s", resp.Status, text)
	}
	if c := counters(t, world, sim.Sales()); c.Cancels != 0 || c.Posts != 1 {
		t.Errorf("%d cancels, %d posts", c.Cancels, c.Posts)
	}
}

// What the host's telemetry keeps of a request is its URL without the query (seen:
// host-forwarding facts): nothing in it gives access. The id names the operation, in
// the record as well, and who has a key reads it by that.
func TestTelemetryNamesOperationsAndOpensNone(t *testing.T) {
	t.Parallel()
	a := startApp(t, newWorld(t), inMemory())
	doc := a.trigger(body(sim.Sales()))
	for _, address := range []string{doc.StatusURL, doc.StatusQueryGetURI, doc.TerminatePostURI} {
		kept, query, _ := strings.Cut(address, "?")
		if found := append(leaks.in(kept), formsIn(kept)...); len(found) > 0 || !strings.HasPrefix(query, "sig=") {
			t.Errorf("telemetry would keep %s, with %v, of %s", kept, found, address)
		}
		if resp, _ := a.call("GET", kept, "", "x-functions-key", ""); resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("GET %s without its query: %s", kept, resp.Status)
		}
	}
	if read, _, err := a.client.Operation(t.Context(), doc.ID); err != nil || read.ID != doc.ID {
		t.Errorf("Operation(%s) with the key: %+v, %v", doc.ID, read, err)
	}
	a.finish(doc.StatusURL)
}
