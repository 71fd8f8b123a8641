package handler

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Schedules reads the app's schedules: their next slots and last results.
func (c *Client) Schedules(ctx context.Context) (SchedulesDocument, error) {
	return document200[SchedulesDocument](ctx, c, c.BaseURL+"/api/schedules")
}

// Doctor has the app look at everything, and at a model if both ids are given.
func (c *Client) Doctor(ctx context.Context, workspaceID, datasetID string) (DoctorDocument, error) {
	address := c.BaseURL + "/api/doctor"
	if workspaceID != "" || datasetID != "" {
		address += "?" + url.Values{"workspaceId": {workspaceID}, "datasetId": {datasetID}}.Encode()
	}
	return document200[DoctorDocument](ctx, c, address)
}

// document200 reads a document whose route answers 200 or an error.
func document200[T any](ctx context.Context, c *Client, address string) (doc T, err error) {
	resp, answer, err := c.send(ctx, http.MethodGet, address, nil) //nolint:bodyclose // send has closed it
	if err != nil {
		return doc, err
	}
	if resp.StatusCode == http.StatusOK && json.Unmarshal(answer, &doc) == nil {
		return doc, nil
	}
	_, _, err = read(resp, answer)
	return doc, err
}

// OperationsPage is one page of the operations, newest first.
type OperationsPage struct {
	Value []OperationEntry `json:"value"`
	Next  string           `json:"nextLink"` // empty on the last page
}

// Operations reads a page of the list: the first one that the query selects, or that of an
// address that an earlier page has as Next.
func (c *Client) Operations(ctx context.Context, query url.Values, next string) (OperationsPage, error) {
	address := c.BaseURL + "/api/operations?" + query.Encode()
	if _, rest, found := strings.Cut(next, "/api/operations?"); found {
		address = c.BaseURL + "/api/operations?" + rest // the same app, also behind another name
	}
	return document200[OperationsPage](ctx, c, address)
}

// Rerun starts a new operation with the options of an earlier one. The request needs an
// Idempotency-Key, which the HTTP client adds.
func (c *Client) Rerun(ctx context.Context, id string) (StatusDocument, error) {
	doc, _, err := c.call(ctx, http.MethodPost, c.operationURL(id)+"/rerun", nil)
	return doc, err
}
