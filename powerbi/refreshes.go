package powerbi

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"time"

	"pbirefresh/internal/foreign"
)

// Started is Power BI's acceptance of a refresh request. It does not prove that the
// refresh runs, nor that its id is listed at once (see the package documentation).
type Started struct {
	RefreshID string    // empty if the answer named none
	RequestID string    // the answer's correlation id; of a standard refresh it is the RefreshID
	Date      time.Time // Power BI's clock when it answered, to a second; zero if it sent none
}

// StartRefresh requests a refresh. It is sent at most once and not validated: see
// [RefreshRequest.Validate]. An error with outcome [Unknown] means that a refresh may
// have been started; read the history before repeating it.
func (c *Client) StartRefresh(ctx context.Context, d Dataset, r RefreshRequest) (Started, error) {
	k := &call{op: "start refresh", endpoint: starts, once: true, whole: len(r.Objects) == 0}
	path, err := d.path()
	if err != nil {
		return Started{}, invalid(k, err)
	}
	body, err := r.body()
	if err != nil {
		return Started{}, invalid(k, err)
	}
	resp, err := c.do(ctx, k, request{method: http.MethodPost, path: path, body: body}, http.StatusAccepted)
	if err != nil {
		return Started{}, err
	}
	return started(resp.header), nil
}

// body: a zero-length body is a standard refresh (seen: MicrosoftDocs/powerbi-docs#5067).
func (r RefreshRequest) body() ([]byte, error) {
	if !r.Enhanced() && r.NotifyOption == "" {
		return nil, nil
	}
	return r.wire()
}

// started reads the id: the last segment of Location, else x-ms-request-id (both
// documented, for enhanced refreshes only), else RequestId (seen to be the
// history's requestId: apache/airflow, kestra-io/plugin-powerbi). Clients that read
// one header only have failed when it was missing.
func started(h http.Header) Started {
	s := Started{RequestID: foreign.Masked(h.Get("RequestId"), 64), Date: serverDate(h)}
	if ids := refreshIDs(h); len(ids) > 0 {
		s.RefreshID = ids[0]
	}
	return s
}

// refreshIDs returns each id that the headers of an answer to a start may give the
// refresh, the most reliable first.
func refreshIDs(h http.Header) []string {
	var ids []string
	for _, id := range []string{lastSegment(h.Get("Location")), h.Get("x-ms-request-id"), h.Get("RequestId")} {
		if refreshID.MatchString(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func lastSegment(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	if s := path.Base(u.Path); s != "refreshes" {
		return s
	}
	return ""
}

// CancelRefresh requests that an enhanced refresh is cancelled. It is asynchronous: the
// refresh may still end as Completed (seen: microsoft/semantic-link-labs), so read
// it again. [CodeAlreadyFinished] if it has ended. Cancel only ids from
// [Started]: all others belong to other callers. Standard refreshes cannot
// be cancelled (documented); Power BI's answer is unverified.
func (c *Client) CancelRefresh(ctx context.Context, d Dataset, id string) error {
	k := &call{op: "cancel refresh", endpoint: cancels, once: true}
	path, err := d.refreshPath(id)
	if err != nil {
		return invalid(k, err)
	}
	_, err = c.do(ctx, k, request{method: http.MethodDelete, path: path},
		http.StatusOK, http.StatusAccepted, http.StatusNoContent)
	return err
}
