package handler

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
)

// If the handler dies without an answer, the host sends a request without a body again, four
// times in all, POST too (ran on host 4.1037). Four cancels end as one.
func TestACancelMayArriveFourTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLive(t, time.Hour, refresh.RowCompleted)
		d := l.accepted()
		for range 4 {
			l.do(http.MethodPost, d.TerminatePostURI[len(testBase):], "").is(http.StatusAccepted)
		}
		time.Sleep(time.Hour)
		a := l.look(d).is(http.StatusConflict)
		if got := a.document(); got.Status != refresh.StatusCanceled || l.pbi.deletes != 1 {
			t.Errorf("got %s after %d cancels at Power BI, want Canceled after 1", got.Status, l.pbi.deletes)
		}
		rest()
	})
}
