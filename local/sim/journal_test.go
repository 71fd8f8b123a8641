package sim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

func TestJournalOfRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api(http.MethodGet, refreshesPath(sim.Sales())+"?$top=1", "")
	b.send(http.MethodGet, "https://"+sim.VaultHost+"/secrets/x", "", nil)
	entries := b.Journal.Entries(0)
	first, second := entries[0], entries[1]
	if first.Seq != 1 || first.Service != "powerbi" || first.Op != sim.OpHistory || first.Method != http.MethodGet ||
		first.Path != "/v1.0/myorg"+refreshesPath(sim.Sales()) || first.Status != 200 || first.Caller != sim.ClientID || first.Model != sim.Sales() {
		t.Errorf("got %+v, want the read of the history", first)
	}
	if second.Service != "vault" || second.Status != 401 || !second.Time.Equal(epoch) {
		t.Errorf("got %+v, want the vault's 401", second)
	}
	if n := len(b.Journal.Entries(1)); n != 1 {
		t.Errorf("got %d entries after the first; want 1", n)
	}
	if n := b.Journal.Count(sim.OpHistory, 200); n != 1 {
		t.Errorf("count: got %d; want 1", n)
	}
}

func TestJournalNeverHoldsSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.send(http.MethodPost, "https://"+sim.EntraHost+"/"+sim.TenantID+"/oauth2/v2.0/token",
		"grant_type=client_credentials&client_id="+sim.ClientID+"&client_secret=hunter2&scope=x/.default",
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	b.api(http.MethodGet, "/groups", "")
	text, err := json.Marshal(b.Journal.Entries(0))
	b.must(err)
	for _, secret := range []string{"hunter2", b.token, sim.SecretValue} {
		if strings.Contains(string(text), secret) {
			t.Errorf("got a journal with %q, want no secret in it", secret)
		}
	}
}

func TestEntryIsOneLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.Fail(sim.Fault{Kind: sim.CutAfter}))
	b.start(sim.Sales(), "")
	for _, e := range b.Journal.Entries(0) {
		line := e.String()
		if strings.Contains(line, "\n") || !strings.HasPrefix(line, "23:50:00.123 "+e.Kind) {
			t.Errorf("got %q, want one line that begins with the time and %s", line, e.Kind)
		}
		if e.Kind == sim.KindRequest && (!strings.Contains(line, "fault=cut-after") || !strings.Contains(line, "-> 0 model="+sim.SalesModel)) {
			t.Errorf("got %q, want the fault, the status 0 and the model", line)
		}
	}
}

func TestSubscribersMayCallBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var kinds []string
	b.Journal.OnEvent(func(e sim.Entry) {
		kinds = append(kinds, e.Kind)
		if e.Kind == sim.KindRequest {
			b.clock.Add(time.Hour)
			_ = b.truth(sim.Sales()) // would deadlock if a lock were held; discovers the end
		}
	})
	b.mustStart(sim.Sales(), "")
	if got := strings.Join(kinds, " "); got != "accepted started request ended" {
		t.Errorf("got %s; want accepted started request ended", got)
	}
}

func TestSubscribersSeeEverythingInOrderUnderLoad(t *testing.T) {
	t.Parallel()
	var seen []int64 // one at a time, so no lock
	c := sim.NewCloud(sim.Options{OnEvent: func(e sim.Entry) { seen = append(seen, e.Seq) }})
	transport := c.Transport()
	var group sync.WaitGroup
	const workers, each = 8, 50
	for range workers {
		group.Go(func() {
			for range each {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+sim.VaultHost+"/secrets/x", nil)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := transport.RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			}
		})
	}
	group.Wait()
	if len(seen) != workers*each {
		t.Fatalf("got %d of %d entries; want %v seen", len(seen), workers*each, workers*each)
	}
	for i, seq := range seen {
		if seq != int64(i+1) {
			t.Fatalf("entry %d: got number %d, want %d", i, seq, i+1)
		}
	}
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 21000 {
		b.send(http.MethodGet, "https://"+sim.IdentityHost+"/", "", nil)
	}
	entries := b.Journal.Entries(0)
	if len(entries) > 20000 || entries[len(entries)-1].Seq != 21000 {
		t.Errorf("got %d entries, last %d; want at most 20000, last 21000", len(entries), entries[len(entries)-1].Seq)
	}
}
