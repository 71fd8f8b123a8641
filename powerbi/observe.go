package powerbi

import (
	"context"
	"errors"
	"net/http"
)

// Observation is the result of one [Client.Observe].
type Observation struct {
	Detail  Detail   // valid if Found; from a history row only Row and Date are set
	Found   bool     // false: Power BI did not show the refresh, which proves nothing
	History *History // the read behind the observation, if the detail was refused
}

// Observe reads a refresh: from its detail, or, if that is refused with a 4xx, from the
// history. A refusal that would also apply to the history (throttling, a token, no
// authorization) is returned as an error.
func (c *Client) Observe(ctx context.Context, d Dataset, id string) (Observation, error) {
	detail, err := c.refreshDetail(ctx, d, id)
	if err == nil {
		return Observation{Detail: detail, Found: true}, nil
	}
	if !proceed(err) {
		return Observation{}, err
	}
	h, err := c.Refreshes(ctx, d, 0)
	if err != nil {
		return Observation{}, err
	}
	row, found := h.Find(id)
	return Observation{Detail: Detail{Row: row, Date: h.Date}, Found: found, History: &h}, nil
}

// proceed reports whether the history may have what the detail lacks.
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
