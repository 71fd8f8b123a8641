package refresh_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/lease"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// accepting answers each POST as Power BI does when it starts a refresh.
type accepting struct{}

func (accepting) Do(*http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	answer.Header().Set("x-ms-request-id", "87f31ef7-1e3a-4006-9b0b-191693e79e9e")
	answer.WriteHeader(http.StatusAccepted)
	return answer.Result(), nil
}

type static struct{}

func (static) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// A coordinator needs a store, Power BI and the keys that sign status URLs.
func ExampleCoordinator() {
	client, err := powerbi.NewClient(static{}, powerbi.Options{Transport: accepting{}})
	if err != nil {
		panic(err)
	}
	store, log := lease.NewMemory(), slog.New(slog.DiscardHandler)
	coordinator := refresh.New(refresh.Config{
		Store: store, Upstream: refresh.NewUpstream(client, log), Keys: refresh.NewStatusKeys(store), Rules: machine.DefaultRules(), Logger: log,
	})
	receipt, err := coordinator.Trigger(context.Background(), refresh.Request{
		Model: machine.Model{WorkspaceID: "f089354e-8366-4e18-aea3-4cb4a3a50b48", DatasetID: "cfafbeb1-8037-4d0c-896e-a46fb27ff229"},
		Ask:   machine.Ask{Shape: machine.Shape{Kind: machine.Standard}, WhenBusy: machine.WhenBusyQueue, Timeout: time.Hour, MaxAttempts: 1},
	})
	if err != nil {
		panic(err)
	}
	again, err := coordinator.Status(context.Background(), receipt.Link())
	fmt.Println(receipt.View.Operation.Phase, again.ID == receipt.ID, err)
	// Output: running true <nil>
}
