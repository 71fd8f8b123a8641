package bloblease

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	azlease "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"pbirefresh/lease"
)

// TestUnansweredAcquireIsNotDefinite: the first try has no answer in its time, and what
// the second one is answered settles nothing until the first one is answered too.
func TestUnansweredAcquireIsNotDefinite(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		status int
		code   string
		want   error
	}{
		{"absent", 404, "BlobNotFound", lease.ErrUnknown},
		{"held", 409, "LeaseAlreadyPresent", lease.ErrUnknown},
		{"forbidden", 403, "AuthorizationFailure", lease.ErrUnknown},
		{"granted", 201, "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int32
				first := make(chan struct{})
				store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
					if sent.Add(1) == 1 {
						<-first
						return reply(req, 201, "", ""), nil
					}
					return reply(req, row.status, row.code, ""), nil
				})
				grant, err := store.Acquire(t.Context(), "a", lease.NewID(), lease.MinTTL)
				if !comesTo(err, row.want) || sent.Load() != 2 {
					t.Errorf("%v after %d tries, want %v after 2", err, sent.Load(), row.want)
				}
				synctest.Wait()
				select {
				case <-grant.Answered:
					t.Error("all is said to be answered while the first try is under way")
				default:
				}
				close(first)
				synctest.Wait()
				select {
				case <-grant.Answered:
				default:
					t.Error("the first try was answered, and that is not reported")
				}
			})
		})
	}
}

// TestDoubtfulAcquire: an answer of a service, or a proxy, that gave up waiting is no
// reason to believe the refusal of the next try.
func TestDoubtfulAcquire(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		statuses []int
		want     error
		doubtful bool
	}{
		{"500, then held", []int{500, 409}, lease.ErrUnknown, true},
		{"503, then absent", []int{503, 404}, lease.ErrUnknown, true},
		{"503 only", []int{503, 503, 503}, errNotDone, true},
		{"held at once", []int{409}, lease.ErrHeld, false},
		{"granted at once", []int{201}, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int32
				store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
					return reply(req, row.statuses[sent.Add(1)-1], "", ""), nil
				})
				grant, err := store.Acquire(t.Context(), "a", lease.NewID(), lease.MinTTL)
				if !comesTo(err, row.want) {
					t.Errorf("%v, want %v", err, row.want)
				}
				if doubtful := grant.Answered != nil; doubtful != row.doubtful {
					t.Errorf("reports doubt: %v, want %v", doubtful, row.doubtful)
				}
				if grant.Answered != nil {
					<-grant.Answered // nothing is under way
				}
			})
		})
	}
}

// TestLateAcquireOnTheService repeats a case in which callers got 503: the first request
// of an acquire is late, the document is absent, another caller creates it, and then the
// late request takes the lease under an id that no process uses.
func TestLateAcquireOnTheService(t *testing.T) {
	t.Parallel()
	store, transport := openAzurite(t)
	arrive, landed := make(chan struct{}), make(chan struct{})
	var tries atomic.Int32
	if err := store.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	transport.On(func(req *http.Request) (bool, error) {
		if req.Header["x-ms-lease-action"] == nil || req.Header["x-ms-lease-action"][0] != "acquire" { //nolint:staticcheck // as the SDK spells it
			return true, nil
		}
		if tries.Add(1) == 1 {
			<-arrive
			defer close(landed)
		}
		return true, nil
	})
	_, err := lease.Enter(t.Context(), store, "a")
	if !comesTo(err, lease.ErrUnknown) {
		t.Fatalf("the last try said 404, and the first is late: %v, want %v", err, lease.ErrUnknown)
	}
	if _, err := store.Create(t.Context(), "a", []byte("one"), nil); err != nil {
		t.Fatal(err)
	}
	transport.On(nil)
	close(arrive)
	<-landed
	for began := time.Now(); ; {
		s, err := lease.Enter(t.Context(), store, "a")
		if err == nil {
			s.Close(t.Context())
			return
		}
		if !comesTo(err, lease.ErrHeld) || time.Since(began) > lease.Duration {
			t.Fatalf("the late acquire still has the lease after %v: got %v, want no error", lease.Duration, err)
		}
	}
}

// TestEndlessLeaseOnTheService: another tool's lease without an end is seen by a read and
// in a listing.
func TestEndlessLeaseOnTheService(t *testing.T) {
	t.Parallel()
	store, _ := openAzurite(t)
	if _, err := store.Create(t.Context(), "a", []byte("one"), nil); err != nil {
		t.Fatal(err)
	}
	for _, seconds := range []int32{15, -1} {
		other, err := azlease.NewBlobClient(store.container.NewBlobClient("a"), nil)
		if err == nil {
			_, err = other.AcquireLease(t.Context(), seconds, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		doc, err := store.Read(t.Context(), "a")
		if err != nil || doc.Endless != (seconds < 0) {
			t.Errorf("a lease of %d s is read as endless: %v (%v)", seconds, doc.Endless, err)
		}
		page, err := store.List(t.Context(), "", "", 10)
		if err != nil || page.Entries[0].Endless != (seconds < 0) {
			t.Errorf("a lease of %d s is listed as %+v (%v)", seconds, page.Entries, err)
		}
		if _, err := other.BreakLease(t.Context(), &azlease.BlobBreakOptions{BreakPeriod: new(int32(0))}); err != nil {
			t.Fatal(err)
		}
	}
	if doc, err := store.Read(t.Context(), "a"); err != nil || doc.Endless {
		t.Errorf("after the break: endless %v (%v)", doc.Endless, err)
	}
}
