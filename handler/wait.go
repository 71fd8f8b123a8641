package handler

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pbirefresh/refresh"
)

// waitPreference is how long a caller wants to wait for its answer, by Prefer: wait=N (RFC
// 7240) or ?wait=N, and whether it asks for a 202 (respond-async). A mistake in the query,
// which more callers can set, is an error; a header that cannot be read is ignored.
type waitPreference struct {
	seconds int  // at most the app's limit
	header  bool // it came in the header Prefer, so Preference-Applied names it
	async   bool // respond-async
	arrived time.Time
}

// readPreference reads the preference of a request.
func (s *server) readPreference(r *http.Request) (waitPreference, []Detail) {
	prefer := preferences(r.Header.Values("Prefer"))
	_, async := prefer["respond-async"]
	w, limit := waitPreference{async: async, arrived: time.Now()}, int(s.MaxWait/time.Second)
	if value := r.URL.Query().Get("wait"); value != "" {
		n, ok := wholeNumber(value)
		if !ok {
			return w, []Detail{{Code: "InvalidValue", Target: "wait", Message: "wait must be a whole number of seconds, such as 30."}}
		}
		w.seconds = min(n, limit)
		return w, nil
	}
	if n, ok := wholeNumber(prefer["wait"]); ok && limit > 0 {
		w.header, w.seconds = true, min(n, limit)
	}
	return w, nil
}

// wholeNumber reads digits only; a number beyond all bounds is a large one.
func wholeNumber(s string) (int, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		n = int(time.Hour / time.Second)
	}
	return n, true
}

// wait delays the answer until the operation ends or the preferred time is over. The
// platform ends every request after 230 s, and callers sooner. The time counts from the
// arrival, so it includes the admission.
func (s *server) wait(ctx context.Context, w waitPreference, receipt refresh.Receipt) refresh.Receipt {
	if w.seconds == 0 || receipt.View.Status.Terminal() {
		return receipt
	}
	ctx, cancel := context.WithDeadline(ctx, w.arrived.Add(time.Duration(w.seconds)*time.Second))
	defer cancel()
	return s.Refresher.Wait(ctx, receipt)
}

// writeApplied writes Preference-Applied: the wait, and respond-async if the operation has
// not ended.
func (w waitPreference) writeApplied(h http.Header, receipt refresh.Receipt) {
	var applied []string
	if w.async && !receipt.View.Status.Terminal() {
		applied = append(applied, "respond-async")
	}
	if w.header {
		applied = append(applied, "wait="+strconv.Itoa(w.seconds))
	}
	if len(applied) > 0 {
		h.Set("Preference-Applied", strings.Join(applied, ", "))
	}
}
