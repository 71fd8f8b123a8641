package powerbi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/powerbi"
)

// busy answers as Power BI does while another refresh is executing.
type busy struct{}

func (busy) Do(*http.Request) (*http.Response, error) {
	const body = `{"error":{"code":"InvalidRequest","message":"Invalid dataset refresh request. Another refresh request is already executing"}}`
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

type static struct{}

func (static) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func ExampleClient_StartRefresh() {
	client, err := powerbi.NewClient(static{}, powerbi.Options{Transport: busy{}})
	if err != nil {
		panic(err)
	}
	sales := powerbi.Dataset{
		WorkspaceID: "f089354e-8366-4e18-aea3-4cb4a3a50b48",
		DatasetID:   "cfafbeb1-8037-4d0c-896e-a46fb27ff229",
	}
	_, err = client.StartRefresh(context.Background(), sales, powerbi.RefreshRequest{Type: "Full"})
	fmt.Println(powerbi.HasCode(err, powerbi.CodeBusy), powerbi.OutcomeOf(err))
	var e *powerbi.Error
	if errors.As(err, &e) {
		fmt.Println(e.Message)
		fmt.Println(e.Remedy)
	}
	// Output:
	// true Refused
	// Invalid dataset refresh request. Another refresh request is already executing
	// wait until the running refresh has ended
}

func ExampleRefreshRequest_Validate() {
	r := powerbi.RefreshRequest{
		CommitMode: "partialBatch",
		Objects:    []powerbi.Object{{Table: "Sales"}, {Partition: "2026"}},
		RetryCount: new(5),
	}
	for _, p := range r.Validate() {
		fmt.Printf("%s (%s): %s\n", p.Field, p.Code, p.Message)
	}
	// Output:
	// objects[1].table (Missing): partition "2026" needs the table that it belongs to
	// applyRefreshPolicy (InvalidCombination): commitMode PartialBatch needs applyRefreshPolicy false (its default is true)
	// retryCount (OverLimit): 6 attempts of 5 hours, the default of timeout, can take more than 24 hours; use a retryCount of at most 3, or a timeout of at most 04:00:00
}

func ExampleParseFailure() {
	// Power BI calls a permanent fault transient; what is under the wrapper decides.
	f := powerbi.ParseFailure(`{"errorCode":"ModelRefresh_ShortMessage_ProcessingError","errorDescription":` +
		`"The last refresh attempt failed because of an internal service error. This is usually a transient issue.\n` +
		`The 'Owner' column does not exist in the rowset."}`)
	fmt.Println(f.Class, f.Transient)
	fmt.Println(f.Message)
	fmt.Println(f.Remedy)
	// Output:
	// model false
	// The 'Owner' column does not exist in the rowset.
	// compare the model's tables and columns with the source: a column or key was renamed, removed or is not unique
}

func ExampleCloud_Override() {
	cloud, err := powerbi.CloudNamed("public")
	if err != nil {
		panic(err)
	}
	_, err = cloud.Override("http://127.0.0.1:8080", "", "")
	fmt.Println(err)
	// Output:
	// powerbi: the API URL "http://127.0.0.1:8080" is not an https address such as https://api.powerbi.com
}
