package powerbi

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// slowIdentity takes its time.
type slowIdentity struct {
	identity
	takes time.Duration
}

func (i *slowIdentity) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	time.Sleep(i.takes)
	return i.identity.GetToken(ctx, o)
}

// TestSendBy: a request that was held up before it left must not leave any more.
func TestSendBy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		token, limit time.Duration
		sent         int
	}{
		{"in time", time.Second, 2 * time.Second, 1},
		{"too late", 3 * time.Second, 2 * time.Second, 0},
		{"in the past", 0, -time.Second, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := always(202, "", "RequestId: "+aRefreshID)
				c := newClient(t, w, &slowIdentity{takes: tt.token})
				ctx := WithSendBy(t.Context(), time.Now().Add(tt.limit))
				_, err := c.StartRefresh(ctx, model(), RefreshRequest{})
				if n := len(w.requests()); n != tt.sent || (err == nil) != (tt.sent == 1) {
					t.Fatalf("sent %d times with %v, want %d", n, err, tt.sent)
				}
				if err != nil && (!HasCode(err, CodeTimeout) || OutcomeOf(err) != NotSent) {
					t.Errorf("got %v with %v", err, OutcomeOf(err))
				}
			})
		})
	}
}

// TestSendByLeavesReadsAndSentRequestsAlone: only the sending has to be in time.
func TestSendByLeavesReadsAndSentRequestsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(_ int, r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(3 * time.Second):
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			if r.Method == http.MethodPost {
				return reply(202, "", "RequestId: "+aRefreshID), nil
			}
			return reply(200, `[]`), nil
		}}
		c := newClient(t, w, nil)
		ctx := WithSendBy(t.Context(), time.Now().Add(time.Second))
		if got, err := c.StartRefresh(ctx, model(), RefreshRequest{}); err != nil || got.RefreshID != aRefreshID {
			t.Errorf("a late answer is lost: %v", err)
		}
		if _, err := c.Refreshes(ctx, model(), 1); err != nil {
			t.Errorf("a read is held to the time: %v", err)
		}
	})
}

// TestSendByEndsTheSearchForAConnection: the handshake hangs over the time to send.
func TestSendByEndsTheSearchForAConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	cloud, err := clouds()[0].Override("https://"+l.Addr().String(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(new(identity), Options{Cloud: cloud, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx := WithSendBy(t.Context(), time.Now().Add(50*time.Millisecond))
	_, err = c.StartRefresh(ctx, model(), RefreshRequest{})
	if e := asError(t, err); e.Code != CodeTimeout || e.Outcome != NotSent || e.Message != (lateError{}).Error() {
		t.Errorf("got %v, %v", e, e.Outcome)
	}
}
