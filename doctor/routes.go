package doctor

import (
	"context"
	"io"
	"net/http"
	"strings"
)

// route is a call without a key, and what the host or the app must answer.
type route struct {
	method, path string
	want         int
}

// routes of the app: those with a key refuse a caller without one, and the host does that, not
// the app. None of the calls can change anything: an id that cannot exist, and a body that is
// empty.
func selfTest() []route {
	return []route{
		{http.MethodGet, "/api/health", http.StatusOK},
		{http.MethodGet, "/api/openapi.json", http.StatusOK},
		{http.MethodGet, "/api/dashboard", http.StatusOK},
		{http.MethodGet, "/api/refreshes/doctor", http.StatusNotFound}, // no signature
		{http.MethodPost, "/api/refreshes", http.StatusUnauthorized},
		{http.MethodGet, "/api/operations/doctor", http.StatusUnauthorized},
		{http.MethodPost, "/api/operations/doctor/cancel", http.StatusUnauthorized},
		{http.MethodPost, "/api/operations/doctor/cancel-all", http.StatusUnauthorized},
		{http.MethodPost, "/api/operations/doctor/cancel-for-all", http.StatusUnauthorized},
		{http.MethodPost, "/api/operations/doctor/rerun", http.StatusUnauthorized},
		{http.MethodGet, "/api/operations", http.StatusUnauthorized},
		{http.MethodGet, "/api/models", http.StatusUnauthorized},
		{http.MethodGet, "/api/schedules", http.StatusUnauthorized},
		{http.MethodGet, "/api/health/ready", http.StatusUnauthorized},
		{http.MethodGet, "/api/doctor", http.StatusUnauthorized},
	}
}

func (d Deps) routes(ctx context.Context) Check {
	if d.BaseURL == "" {
		return unknown("routes", "the app's own address is not known: PUBLIC_BASE_URL is not set")
	}
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	all := selfTest()
	for _, r := range all {
		status, byApp, err := d.call(ctx, r)
		if err != nil {
			return unknown("routes", "%s cannot be called from here, which private networks may forbid: %s", d.BaseURL, oneLine(err))
		}
		if c, wrong := r.judge(status, byApp); wrong {
			return c
		}
	}
	return fine("routes", "%d calls without a key: each is answered as it should be", len(all))
}

// judge: a 401 that the app itself gives shows that the host has let the request in.
func (r route) judge(status int, byApp bool) (Check, bool) {
	const redeploy = "deploy the app's own functions again, and set nothing in front of them that opens routes"
	switch {
	case r.want == http.StatusUnauthorized && (status != r.want || byApp):
		return problem("routes", "give its function authLevel function (cancel-all: admin) in function.json: "+redeploy,
			"%s %s is open: a request without a key is let in by the host (HTTP %d)", r.method, r.path, status), true
	case status == r.want:
		return Check{}, false
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status/100 == 3:
		return problem("routes", "leave status URLs out of App Service authentication (excluded paths) and out of access restrictions, or set STATUS_ACCESS=key and poll with a key: docs/deploy.md",
			"%s %s wants a sign-in (HTTP %d): callers cannot poll their status URL, nor monitors the health", r.method, r.path, status), true
	}
	return problem("routes", "check PUBLIC_BASE_URL, and the proxy in front of the app: "+redeploy,
		"%s %s is answered with HTTP %d, want %d", r.method, r.path, status, r.want), true
}

// call sends the request without any credential, and reports whether the app has answered.
func (d Deps) call(ctx context.Context, r route) (status int, byApp bool, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method, strings.TrimRight(d.BaseURL, "/")+r.path, http.NoBody)
	if err != nil {
		return 0, false, err
	}
	resp, err := d.Web.Do(req)
	if err != nil {
		return 0, false, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("x-pbirefresh-version") != "", nil
}
