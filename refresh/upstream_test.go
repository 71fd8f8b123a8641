package refresh

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

// cloudCredential takes its tokens from the simulated Entra ID.
type cloudCredential struct{ cloud *sim.Cloud }

func (c cloudCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, expires, err := c.cloud.Token()
	return azcore.AccessToken{Token: token, ExpiresOn: expires}, err
}

// simulated is the real client in front of the simulated Power BI, in process.
func simulated(t *testing.T) (*sim.Cloud, Upstream) {
	t.Helper()
	cloud := sim.NewCloud(sim.Options{})
	client, err := powerbi.NewClient(cloudCredential{cloud}, powerbi.Options{Transport: cloud.Transport(), Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return cloud, NewUpstream(client, slog.New(slog.DiscardHandler))
}

func modelOfRef(ref sim.Ref) machine.Model {
	return machine.Model{WorkspaceID: ref.Workspace, DatasetID: ref.Model}
}

func wholePost() machine.Post {
	return machine.Post{Txn: "t1", Shape: machine.Shape{Kind: machine.Auto}, Kind: machine.Auto}
}

func soon() time.Time { return time.Now().Add(10 * time.Second) }

// Each answer of Power BI to the POST, as the client meets it on the wire.
func TestAnswersOfThePost(t *testing.T) {
	t.Parallel()
	for kind, want := range map[sim.FaultKind]machine.Answer{
		sim.CutBefore:         {Kind: machine.Lost},
		sim.CutAfter:          {Kind: machine.Lost},
		sim.ErrorBefore:       {Kind: machine.Lost},
		sim.ErrorAfter:        {Kind: machine.Lost},
		sim.HTMLError:         {Kind: machine.Lost},
		sim.Redirected:        {Kind: machine.Lost},
		sim.UnexpectedSuccess: {Kind: machine.Lost},
		sim.Throttled:         {Kind: machine.Throttled, RetryAfter: 20 * time.Second},
		sim.Busy400Answer:     {Kind: machine.Busy},
		sim.Busy409Answer:     {Kind: machine.Busy},
		sim.TokenExpired:      {Kind: machine.Refused, TokenRejected: true},
		sim.TokenExpiredBody:  {Kind: machine.Refused, TokenRejected: true},
		sim.InvalidToken:      {Kind: machine.Refused, TokenRejected: true},
		sim.QuotaExceeded:     {Kind: machine.Refused, Quota: true},
		sim.GroupInaccessible: {Kind: machine.Refused},
		sim.NotAuthorized:     {Kind: machine.Refused},
		sim.APIInaccessible:   {Kind: machine.Refused},
		sim.EntityNotFound:    {Kind: machine.Refused},
		sim.NotModelBased:     {Kind: machine.Refused},
		sim.BareBadRequest:    {Kind: machine.Refused},
		sim.TokenChallenge:    {Kind: machine.Refused, TokenRejected: true},
		sim.CapacityPaused:    {Kind: machine.Paused},
		sim.CapacityLimit:     {Kind: machine.Throttled, RetryAfter: time.Minute},
		sim.FolderNotFound:    {Kind: machine.Refused},
		sim.BeingModified:     {Kind: machine.Conflict},
		sim.FirewallPage:      {Kind: machine.Refused},
		sim.ProxySignIn:       {Kind: machine.Refused},
		sim.PortalPage:        {Kind: machine.Lost},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, upstream := simulated(t)
				if err := cloud.Fail(sim.Fault{Kind: kind, Op: sim.OpStart}); err != nil {
					t.Fatal(err)
				}
				got := upstream.Post(t.Context(), modelOfRef(sim.Sales()), wholePost(), soon())
				if got.Kind != want.Kind || got.TokenRejected != want.TokenRejected || got.Quota != want.Quota ||
					(want.RetryAfter > 0 && got.RetryAfter != want.RetryAfter) {
					t.Errorf("%+v, want %+v", got, want)
				}
				if got.Kind == machine.Refused && (got.Fault == nil || got.Fault.Message == "" || got.Fault.Remedy == "") {
					t.Errorf("no cause and remedy: %+v", got.Fault)
				}
				if n := cloud.Journal.Count(sim.OpStart, 0) + len(cloud.Journal.Entries(0)); n == 0 {
					t.Error("nothing was sent")
				}
				if c, _ := cloud.PowerBI.Counters(sim.Sales()); c.Posts > 1 {
					t.Errorf("%d requests for one intent", c.Posts)
				}
			})
		})
	}
}

// A paused capacity is recognised by its code, whatever the status.
func TestCapacityPausedWithEveryStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 503} {
		bubble(t, func(t *testing.T) {
			cloud, upstream := simulated(t)
			if err := cloud.Fail(sim.Fault{Kind: sim.CapacityPaused, Op: sim.OpStart, Status: status}); err != nil {
				t.Fatal(err)
			}
			got := upstream.Post(t.Context(), modelOfRef(sim.Sales()), wholePost(), soon())
			if got.Kind != machine.Paused || got.Fault.Code != machine.CodeCapacityPaused || !strings.Contains(got.Fault.Text(), "Resume the capacity") {
				t.Errorf("%d: got %s %+v, want %s with the remedy", status, got.Kind, got.Fault, machine.Paused)
			}
		})
	}
}

// Under kind auto the workspace is read first. If that is refused, it is named, and not
// the model.
func TestWorkspaceThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for kind, want := range map[sim.FaultKind]machine.AnswerKind{
		sim.GroupInaccessible: machine.Unsent, sim.FolderNotFound: machine.Unsent, sim.EntityNotFound: machine.Unsent,
		sim.CapacityPaused: machine.Paused, sim.Throttled: machine.Throttled,
	} {
		bubble(t, func(t *testing.T) {
			cloud, upstream := simulated(t)
			if err := cloud.Fail(sim.Fault{Kind: kind, Op: sim.OpWorkspace, Times: -1}); err != nil {
				t.Fatal(err)
			}
			got := upstream.Post(t.Context(), modelOfRef(sim.Sales()), wholePost(), soon())
			if got.Kind != want || want == machine.Unsent && (got.Fault.Transient || !strings.Contains(got.Fault.Message, "workspace "+sim.Sales().Workspace) ||
				strings.Contains(got.Fault.Message, "no such model") || !strings.Contains(got.Fault.Remedy, "Contributor")) {
				t.Errorf("%s: got %s %+v, want %s naming the workspace and the right", kind, got.Kind, got.Fault, want)
			}
		})
	}
}

func TestPostAsksForWhatTheShapeSays(t *testing.T) {
	t.Parallel()
	no := false
	for name, tt := range map[string]struct {
		ref  sim.Ref
		post machine.Post
		sent machine.Kind
		body string
	}{
		"auto on a capacity":      {sim.Sales(), wholePost(), machine.Enhanced, `{"type":"Full"}`},
		"auto on shared capacity": {sim.Shared(), wholePost(), machine.Standard, ``},
		"standard":                {sim.Sales(), machine.Post{Shape: machine.Shape{Kind: machine.Standard}, Kind: machine.Standard}, machine.Standard, ``},
		"checked fall-back":       {sim.Shared(), machine.Post{Shape: machine.Shape{Kind: machine.Auto}, Kind: machine.Standard, Check: true}, machine.Standard, ``},
		"objects": {sim.Sales(), machine.Post{Kind: machine.Enhanced, Shape: machine.Shape{Kind: machine.Enhanced, Type: "Full", CommitMode: "PartialBatch",
			ApplyPolicy: &no, Objects: []machine.Object{{Table: "Sales", Partition: "2026"}}}}, machine.Enhanced,
			`{"applyRefreshPolicy":false,"commitMode":"PartialBatch","objects":[{"partition":"2026","table":"Sales"}],"type":"Full"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, upstream := simulated(t)
				got := upstream.Post(t.Context(), modelOfRef(tt.ref), tt.post, soon())
				if got.Kind != machine.Accepted || got.Sent != tt.sent || got.RefreshID == "" {
					t.Fatalf("%+v", got)
				}
				truth, err := cloud.PowerBI.Refreshes(tt.ref)
				if err != nil || len(truth) != 1 || truth[0].ID != got.RefreshID || canonical(t, truth[0].Body) != tt.body {
					t.Errorf("Power BI got %+v (%v)", truth, err)
				}
			})
		})
	}
}

func canonical(t *testing.T, raw []byte) string {
	t.Helper()
	if len(raw) == 0 {
		return ""
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func TestFallbackNeedsTheWorkspacesWord(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		cloud, upstream := simulated(t)
		post := machine.Post{Shape: machine.Shape{Kind: machine.Auto}, Kind: machine.Standard, Check: true}
		got := upstream.Post(t.Context(), modelOfRef(sim.Sales()), post, soon())
		if got.Kind != machine.Unsent || got.Fault.Code != machine.CodeEnhancedOnly {
			t.Errorf("%+v", got)
		}
		if c, _ := cloud.PowerBI.Counters(sim.Sales()); c.Posts != 0 {
			t.Error("it was posted all the same")
		}
	})
}

func TestPostIsNotSentLate(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		cloud, upstream := simulated(t)
		got := upstream.Post(t.Context(), modelOfRef(sim.Sales()), wholePost(), time.Now())
		if got.Kind != machine.Unsent || !got.Fault.Transient {
			t.Errorf("%+v", got)
		}
		if c, _ := cloud.PowerBI.Counters(sim.Sales()); c.Posts != 0 {
			t.Error("it was sent")
		}
	})
}

func TestLookShowsTheRefreshThatWasAskedFor(t *testing.T) {
	t.Parallel()
	for _, ref := range []sim.Ref{sim.Sales(), sim.Shared()} {
		bubble(t, func(t *testing.T) {
			cloud, upstream := simulated(t)
			m := modelOfRef(ref)
			a := upstream.Post(t.Context(), m, wholePost(), soon())
			time.Sleep(time.Minute)
			if _, err := cloud.PowerBI.StartForeign(ref, sim.ViaPortal, time.Hour); err != nil {
				t.Fatal(err)
			}
			s := upstream.Look(t.Context(), m, machine.Look{RefreshID: a.RefreshID, Kind: a.Sent})
			row, ok := machine.FindRow(s.Rows, a.RefreshID)
			if s.Err != nil || !ok || row.State != machine.RowCompleted || row.Start.IsZero() || row.End.Before(row.Start) {
				t.Errorf("%+v", s)
			}
			s = upstream.Look(t.Context(), m, machine.Look{})
			if s.Err != nil || s.Detail || len(s.Rows) != 2 || s.Rows[0].State != machine.RowInProgress || s.Date.IsZero() {
				t.Errorf("history: %+v", s)
			}
		})
	}
}

// What a look cannot see proves nothing: it has an Err and no rows.
func TestBlindLooks(t *testing.T) {
	t.Parallel()
	for _, kind := range []sim.FaultKind{sim.CutBefore, sim.ErrorBefore, sim.TruncatedJSON, sim.HTMLError, sim.Throttled, sim.EntityNotFound, sim.Redirected} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, upstream := simulated(t)
				if err := cloud.Fail(sim.Fault{Kind: kind, Op: sim.OpHistory, Times: -1}); err != nil {
					t.Fatal(err)
				}
				s := upstream.Look(t.Context(), modelOfRef(sim.Sales()), machine.Look{})
				if s.Err == nil || len(s.Rows) > 0 {
					t.Errorf("%+v", s)
				}
				if kind == sim.Throttled && s.RetryAfter == 0 {
					t.Error("it does not say when to look again")
				}
			})
		})
	}
}

func TestFailureReachesTheFault(t *testing.T) {
	t.Parallel()
	for class, transient := range map[sim.FailureClass]bool{
		sim.FailCredentials: false, sim.FailKey: false, sim.FailCapacity: true, sim.FailEvicted: true, sim.FailInternal: true,
	} {
		bubble(t, func(t *testing.T) {
			cloud, upstream := simulated(t)
			if err := cloud.PowerBI.FailNext(sim.Sales(), class); err != nil {
				t.Fatal(err)
			}
			m := modelOfRef(sim.Sales())
			a := upstream.Post(t.Context(), m, wholePost(), soon())
			time.Sleep(time.Minute)
			s := upstream.Look(t.Context(), m, machine.Look{RefreshID: a.RefreshID, Kind: a.Sent})
			if len(s.Rows) != 1 || s.Rows[0].State != machine.RowFailed {
				t.Fatalf("%s: %+v", class, s)
			}
			if f := s.Rows[0].Fault; f.Class == "" || f.Remedy == "" || f.Transient != transient {
				t.Errorf("%s: %+v", class, f)
			}
		})
	}
}
