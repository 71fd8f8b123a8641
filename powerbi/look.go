package powerbi

import (
	"context"
	"errors"
	"net/http"
)

// Sighting is the result of one [Client.Look].
type Sighting struct {
	Detail  Detail   // valid if Found; from a history row only Row and Date are set
	Found   bool     // false: Power BI did not show the refresh, which proves nothing
	History *History // the read that the sighting rests on, if the detail was refused
}

// Look finds out where a refresh is: from its detail, or, if that is refused with a
// 4xx, from the history. Refusals that the history would meet as well (throttling, a
// token, no authorization) are returned as errors.
func (c *Client) Look(ctx context.Context, d Dataset, id string) (Sighting, error) {
	detail, err := c.refreshDetail(ctx, d, id)
	if err == nil {
		return Sighting{Detail: detail, Found: true}, nil
	}
	if !proceed(err) {
		return Sighting{}, err
	}
	h, err := c.Refreshes(ctx, d, 0)
	if err != nil {
		return Sighting{}, err
	}
	row, found := h.Find(id)
	return Sighting{Detail: Detail{Row: row, Date: h.Date}, Found: found, History: &h}, nil
}

// proceed reports whether the history may answer what the detail did not.
func proceed(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Outcome != Refused {
		return false
	}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusTooManyRequests:
		return false
	default:
		return e.Code != CodeTokenRejected
	}
}
