package handler

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pbirefresh/refresh"
)

// waitStep is how often a waiting request looks again. Reads of one model are
// shared by everybody who waits for it.
const waitStep = time.Second

// wait holds a request back until its operation ends, if the caller asked for
// that with Prefer: wait=N (RFC 7240) or ?wait=N, and at most for MaxWait: the
// platform cuts every request after 230 s, and callers sooner. It returns how the
// operation stands then, and whether the caller asked; a look that fails changes
// nothing.
func (s *server) wait(w http.ResponseWriter, r *http.Request, receipt refresh.Receipt) (refresh.Receipt, bool) {
	limit, asked := requestedWait(r)
	if !asked {
		return receipt, false
	}
	limit = min(limit, s.MaxWait)
	w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(limit.Seconds())))
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	for !receipt.View.Status.Terminal() {
		select {
		case <-ctx.Done():
			return receipt, true
		case <-time.After(min(waitStep, max(receipt.View.RetryAfter, 100*time.Millisecond))):
		}
		if again, err := s.Refresher.Status(ctx, receipt.ID); err == nil {
			receipt = again
		}
	}
	return receipt, true
}

// requestedWait reads the wish to wait, in whole seconds.
func requestedWait(r *http.Request) (time.Duration, bool) {
	value := r.URL.Query().Get("wait")
	for _, preference := range strings.Split(strings.Join(r.Header.Values("Prefer"), ","), ",") {
		if name, v, ok := strings.Cut(preference, "="); ok && strings.EqualFold(strings.TrimSpace(name), "wait") && value == "" {
			value = strings.Trim(v, "\" \t")
		}
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, false
	}
	return time.Duration(min(n, 3600)) * time.Second, true
}

// checkWait refuses a wish in the query that cannot be read. A Prefer header that
// cannot be read is ignored: RFC 7240 says so.
func checkWait(r *http.Request) error {
	value := r.URL.Query().Get("wait")
	if n, err := strconv.Atoi(value); value == "" || (err == nil && n >= 0) {
		return nil
	}
	return badRequest([]Detail{{Code: "InvalidValue", Target: "wait", Message: "wait must be a whole number of seconds, such as 30."}})
}
