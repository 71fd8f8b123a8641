package handler

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestThePageIsServedWithItsPolicy(t *testing.T) {
	t.Parallel()
	a := newBench(t).raw(http.MethodGet, "/api/dashboard", "")
	a.is(http.StatusOK).has("Content-Type", "text/html; charset=utf-8").has("Content-Length", strconv.Itoa(len(a.raw))).has("Referrer-Policy", "no-referrer")
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("Content-Security-Policy: %q, want nothing allowed by default, and no frames", policy)
	}
}
