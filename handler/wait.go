package handler

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pbirefresh/refresh"
)

// wish is how long a caller wants its answer held back, by Prefer: wait=N (RFC 7240) or
// ?wait=N, and whether it wants a 202 rather than wait for ever. In the query, which
// more callers can set, a mistake is told; a preference that cannot be read is none.
type wish struct {
	seconds int  // at most the app's limit
	header  bool // the wish is a preference, and is told if it was heeded
	async   bool // respond-async
	arrived time.Time
}

// readWish reads the wish of a request.
func (s *server) readWish(r *http.Request) (wish, []Detail) {
	prefer := preferences(r.Header.Values("Prefer"))
	_, async := prefer["respond-async"]
	w, limit := wish{async: async, arrived: time.Now()}, int(s.MaxWait/time.Second)
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

// wait holds the answer back until the operation ends, as long as the caller wishes:
// the platform cuts every request after 230 s, and callers sooner. The time is counted
// from the arrival: what it took to admit the request is part of it.
func (s *server) wait(ctx context.Context, w wish, receipt refresh.Receipt) refresh.Receipt {
	if w.seconds == 0 || receipt.View.Status.Terminal() {
		return receipt
	}
	ctx, cancel := context.WithDeadline(ctx, w.arrived.Add(time.Duration(w.seconds)*time.Second))
	defer cancel()
	return s.Refresher.Wait(ctx, receipt)
}

// heeded tells which preferences were: the wait, and respond-async if the answer says
// that it goes on.
func (w wish) heeded(h http.Header, receipt refresh.Receipt) {
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
