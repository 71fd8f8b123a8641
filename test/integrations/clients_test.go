package integrations

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// client is a program that asks for a refresh and follows it to the end. With cancel,
// another caller cancels the refresh after the client's first poll.
type client struct {
	follow   func(t *testing.T, a *app, ref sim.Ref, cancel bool) ended
	canceled string // its word for a cancelled refresh; some clients use that of a failed one
}

// ended is what a client makes of the end.
type ended struct {
	word    string // succeeded, failed or canceled
	message string // of what is no success
	doc     handler.StatusDocument
}

// clients are our own, and the pollers of the Azure SDKs for Go, JavaScript and (with
// the build tag clients) Python, to which both headers show the way or one of them.
func clients() map[string]client {
	all := map[string]client{
		"Go client":                        {ownClient, "canceled"},
		"azcore":                           {azcore("Location", "Operation-Location"), "failed"},
		"azcore by Operation-Location":     {azcore("Operation-Location"), "failed"},
		"azcore by Location":               {azcore("Location"), "failed"},
		"core-lro 3":                       {coreLRO("3", "both"), "canceled"},
		"core-lro 3 by Operation-Location": {coreLRO("3", "operation-location"), "canceled"},
		"core-lro 3 by Location":           {coreLRO("3", "location"), "failed"},
		"core-lro 2":                       {coreLRO("2", "both"), "canceled"},
		"core-lro 2 by Operation-Location": {coreLRO("2", "operation-location"), "canceled"},
		"core-lro 2 by Location":           {coreLRO("2", "location"), "failed"},
	}
	maps.Copy(all, installedClients())
	return all
}

func body(ref sim.Ref) []byte {
	return []byte(`{"workspaceId":"` + ref.Workspace + `","datasetId":"` + ref.Model + `"}`)
}

// cancel cancels an operation by its status URL, with a key of its own.
func (a *app) cancel(ctx context.Context, statusURL string) error {
	_, err := (&handler.Client{BaseURL: a.host.URL(), Key: a.host.FunctionKey()}).Cancel(ctx, statusURL)
	return err
}

// ownClient is [handler.Client], as the command line uses it.
func ownClient(t *testing.T, a *app, ref sim.Ref, cancel bool) ended {
	t.Helper()
	ctx := patience(t)
	c := &handler.Client{BaseURL: a.host.URL(), Key: a.host.FunctionKey(), HTTP: &http.Client{Transport: between{http.DefaultTransport, func(r *http.Request) error {
		r.Header.Set("Idempotency-Key", `"own-`+ref.Model+`"`)
		return nil
	}}}}
	doc, err := c.Trigger(ctx, body(ref))
	for e := (*handler.Error)(nil); errors.As(err, &e) && e.RetryAfter > 0 && ctx.Err() == nil; doc, err = c.Trigger(ctx, body(ref)) {
		<-time.After(e.RetryAfter) // nothing was started, says the answer: send it again then
	}
	if err == nil {
		doc, err = c.Watch(ctx, doc.StatusURL, func(d handler.StatusDocument) {
			if cancel {
				cancel, err = false, a.cancel(ctx, d.StatusURL)
			}
		})
	}
	switch {
	case err != nil:
		return ended{"broken", err.Error(), doc}
	case doc.Error != nil:
		return ended{strings.ToLower(string(doc.Status)), doc.Error.Code + ": " + doc.Error.Message, doc}
	}
	return ended{strings.ToLower(string(doc.Status)), "", doc}
}

// azcore is the poller of the SDK for Go, behind the SDK's pipeline with its retries.
func azcore(ways ...string) func(*testing.T, *app, sim.Ref, bool) ended {
	return func(t *testing.T, a *app, ref sim.Ref, cancel bool) ended {
		t.Helper()
		ctx := patience(t)
		doc, err := azcoreFollow(ctx, a, ref, cancel, ways)
		if err != nil {
			return ended{"failed", err.Error(), doc}
		}
		return ended{"succeeded", "", doc}
	}
}

func azcoreFollow(ctx context.Context, a *app, ref sim.Ref, cancel bool, ways []string) (doc handler.StatusDocument, err error) {
	var looks atomic.Int32
	transport := between{http.DefaultTransport, func(r *http.Request) error {
		if cancel && r.Method == http.MethodGet && looks.Add(1) == 2 {
			return a.cancel(ctx, r.URL.String())
		}
		return nil
	}}
	pipeline := runtime.NewPipeline("integrations", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: &http.Client{Transport: transport}})
	req, err := runtime.NewRequest(ctx, http.MethodPost, a.host.URL()+"/api/refreshes")
	if err != nil {
		return doc, err
	}
	req.Raw().Header.Set("x-functions-key", a.host.FunctionKey())
	req.Raw().Header.Set("Idempotency-Key", `"azcore-`+ref.Model+`"`)
	if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body(ref))), "application/json"); err != nil {
		return doc, err
	}
	resp, err := pipeline.Do(req)
	if err != nil {
		return doc, err
	}
	if !runtime.HasStatusCode(resp, http.StatusOK, http.StatusAccepted) {
		return doc, runtime.NewResponseError(resp) // as the generated clients of the SDK do
	}
	for _, header := range []string{"Location", "Operation-Location"} {
		if !slices.Contains(ways, header) {
			resp.Header.Del(header)
		}
	}
	poller, err := runtime.NewPoller[handler.StatusDocument](resp, pipeline, nil)
	if err != nil {
		return doc, err
	}
	return poller.PollUntilDone(ctx, nil)
}

// coreLRO is the poller of the SDKs for JavaScript: checks/lro.mjs.
func coreLRO(version, way string) func(*testing.T, *app, sim.Ref, bool) ended {
	return func(t *testing.T, a *app, ref sim.Ref, cancel bool) ended {
		t.Helper()
		env := []string{"PBIREFRESH_KEY=" + a.host.FunctionKey()}
		if cancel {
			env = append(env, "CANCEL=yes")
		}
		got := nodeWith[struct {
			Status, Message string
			Result          handler.StatusDocument
		}](t, env, "lro.mjs", version, way, a.host.URL(), ref.Workspace, ref.Model)
		return ended{got.Status, got.Message, got.Result}
	}
}
