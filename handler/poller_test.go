package handler

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// poll triggers a refresh and follows it with a poller of the Azure SDK, to which
// only the named headers show the way.
func poll(t *testing.T, b *bench, way ...string) (StatusDocument, error) {
	t.Helper()
	pipeline := runtime.NewPipeline("test", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{
		Transport: &http.Client{Transport: inProcess{b.routes}},
	})
	r, err := runtime.NewRequest(t.Context(), http.MethodPost, testBase+"/api/refreshes")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SetBody(streaming.NopCloser(strings.NewReader(wholeModel())), "application/json"); err != nil {
		t.Fatal(err)
	}
	resp, err := pipeline.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"Location", "Operation-Location"} {
		if !slices.Contains(way, h) {
			resp.Header.Del(h)
		}
	}
	if !runtime.HasStatusCode(resp, http.StatusOK, http.StatusAccepted) {
		return StatusDocument{}, runtime.NewResponseError(resp) // as the generated clients of the SDK do
	}
	poller, err := runtime.NewPoller[StatusDocument](resp, pipeline, nil)
	if err != nil {
		t.Fatalf("the SDK takes the 202 for no operation: %v", err)
	}
	return poller.PollUntilDone(t.Context(), nil)
}

// ways are the headers by which callers find the status URL.
func ways() map[string][]string {
	return map[string][]string{
		"both": {"Location", "Operation-Location"}, "Location": {"Location"}, "Operation-Location": {"Operation-Location"},
	}
}

func TestAzurePollerSucceeds(t *testing.T) {
	t.Parallel()
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.fake.status = endsAfter(12*time.Second, machine.Succeeded)
				began := time.Now()
				doc, err := poll(t, b, way...)
				if err != nil || doc.Status != machine.StatusSucceeded || doc.Result == nil || doc.Result.RefreshID != "r1" {
					t.Errorf("%s, %v", show(t, doc), err)
				}
				if took := time.Since(began); took != 15*time.Second {
					t.Errorf("it took %v: the poller does not look every 5 s as the answers ask", took)
				}
			})
		})
	}
}

func TestAzurePollerFails(t *testing.T) {
	t.Parallel()
	for phase, want := range map[machine.Phase]string{
		machine.Failed: machine.CodeRefreshFailed, machine.Cancelled: machine.CodeOperationCanceled,
	} {
		for name, way := range ways() {
			t.Run(string(phase)+" by "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t)
					b.fake.status = endsAfter(7*time.Second, phase)
					_, err := poll(t, b, way...)
					var e *azcore.ResponseError
					if !errors.As(err, &e) || e.ErrorCode != want || e.StatusCode != http.StatusConflict {
						t.Errorf("%v", err)
					}
				})
			})
		}
	}
}

// A refresh that failed before its POST was answered fails the POST, with its reason.
func TestAzurePipelineOfAFailureAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) { return receipt(machine.Failed), nil }
	var e *azcore.ResponseError
	if _, err := poll(t, b); !errors.As(err, &e) || e.ErrorCode != machine.CodeRefreshFailed {
		t.Errorf("got %v, want %s", err, machine.CodeRefreshFailed)
	}
}

// Storage that cannot be used for a while does not end a poll.
func TestAzurePollerWaitsForStorage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ends := endsAfter(12*time.Second, machine.Succeeded)
		looks := 0
		b.fake.status = func(id string) (refresh.Receipt, error) {
			if looks++; looks <= 2 {
				return refresh.Receipt{}, &refresh.UnavailableError{RetryAfter: 5 * time.Second}
			}
			return ends(id)
		}
		if doc, err := poll(t, b, "Location", "Operation-Location"); err != nil || doc.Status != machine.StatusSucceeded {
			t.Errorf("%s, %v", doc.Status, err)
		}
	})
}
