package sim_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/local/sim"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// script writes down a conversation, so that a reader sees the wire and a change of the wire shows in a review.
type script struct {
	*bench
	text strings.Builder
}

func newScript(t *testing.T) *script {
	t.Helper()
	clk := &clock{now: epoch}
	b := &bench{t: t, clock: clk, Cloud: sim.NewCloud(sim.Options{Now: clk.Now, NewID: sequentialIDs(), TokenLifetime: 24 * time.Hour})}
	b.token = tokenFor(b, sim.ClientID, sim.Audiences()[0])
	return &script{bench: b}
}

// boring headers are the same on every answer and are tested elsewhere.
var boring = []string{
	"Access-Control-Expose-Headers", "Cache-Control", "Pragma", "Strict-Transport-Security", "X-Content-Type-Options",
	"X-Frame-Options", "Home-Cluster-Uri", "Request-Redirected", "Content-Length",
}

func (s *script) says(method, path, body string) reply {
	s.t.Helper()
	r := s.api(method, path, body)
	fmt.Fprintf(&s.text, "> %s %s\n", method, path)
	if body != "" {
		fmt.Fprintf(&s.text, "> %s\n", body)
	}
	fmt.Fprintf(&s.text, "< %d %s\n", r.status, http.StatusText(r.status))
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if !slices.Contains(boring, name) {
			fmt.Fprintf(&s.text, "< %s: %s\n", name, r.header.Get(name))
		}
	}
	if r.body != "" {
		fmt.Fprintf(&s.text, "< %s\n", r.body)
	}
	s.text.WriteByte('\n')
	return r
}

func (s *script) later(d time.Duration) {
	s.clock.Add(d)
	fmt.Fprintf(&s.text, "# %v later\n\n", d)
}

func (s *script) compare(name string) {
	s.t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		s.must(os.MkdirAll("testdata", 0o750))
		s.must(os.WriteFile(path, []byte(s.text.String()), 0o600))
	}
	want, err := os.ReadFile(path)
	s.must(err)
	if got := s.text.String(); got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		s.t.Errorf("%s differs; run go test ./sim -run %s -update and look at the change:\n%s", path, s.t.Name(), got)
	}
}

func TestTranscriptOfAStandardRefresh(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	path := refreshesPath(sim.Sales())
	s.says(http.MethodGet, path+"?$top=1", "")
	id := s.says(http.MethodPost, path, "").header.Get("RequestId")
	s.says(http.MethodPost, path, "")
	s.later(time.Second)
	s.says(http.MethodGet, path+"?$top=1", "")
	s.says(http.MethodGet, path+"/"+id, "")
	s.later(time.Minute)
	s.says(http.MethodGet, path+"?$top=1", "")
	s.says(http.MethodGet, path+"/"+id, "")
	s.says(http.MethodDelete, path+"/"+id, "")
	s.compare("standard")
}

func TestTranscriptOfAnEnhancedRefresh(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	path := refreshesPath(sim.Sales())
	body := `{"type":"full","commitMode":"transactional","objects":[{"table":"Customer","partition":"Robert"}],"applyRefreshPolicy":"false","timeout":"05:00:00"}`
	id := s.says(http.MethodPost, path, body).header.Get("X-Ms-Request-Id")
	s.later(1500 * time.Millisecond)
	s.says(http.MethodGet, path+"/"+id, "")
	s.later(time.Minute)
	s.says(http.MethodGet, path+"/"+id, "")
	s.says(http.MethodGet, path, "")
	second := s.says(http.MethodPost, path, `{"type":"Full"}`).header.Get("X-Ms-Request-Id")
	s.later(time.Second)
	s.says(http.MethodDelete, path+"/"+second, "")
	s.says(http.MethodGet, path+"/"+second, "")
	s.says(http.MethodDelete, path+"/"+second, "")
	s.compare("enhanced")
}

func TestTranscriptOfAFailure(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	path := refreshesPath(sim.Sales())
	for _, class := range []sim.FailureClass{sim.FailCredentials, sim.FailGateway, sim.FailKey, sim.FailPolicy} {
		s.must(s.PowerBI.FailNext(sim.Sales(), class))
		id := s.says(http.MethodPost, path, `{"type":"Full"}`).header.Get("X-Ms-Request-Id")
		s.later(time.Minute)
		s.says(http.MethodGet, path+"?$top=1", "")
		s.says(http.MethodGet, path+"/"+id, "")
	}
	s.compare("failures")
}

func TestTranscriptOfRefusals(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.says(http.MethodPost, refreshesPath(sim.Shared()), enhancedBody)
	s.says(http.MethodGet, refreshesPath(sim.Sales())+"/nobody", "")
	s.says(http.MethodGet, refreshesPath(sim.Sales())+"?$top=0", "")
	for _, kind := range sim.FaultKinds() {
		if kind == sim.CutBefore || kind == sim.CutAfter {
			continue // nothing to write down
		}
		s.must(s.Fail(sim.Fault{Kind: kind, Op: sim.OpHistory}))
		fmt.Fprintf(&s.text, "# %s\n", kind)
		s.says(http.MethodGet, refreshesPath(sim.Sales()), "")
	}
	s.compare("refusals")
}
