package handler

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"pbirefresh/test/apicheck"
)

// The document and the app agree on which requests are allowed.
func TestDocumentAgreesWithTheApp(t *testing.T) {
	t.Parallel()
	allowed := []string{
		`"options":{"type":"full"}`, `"options":{}`, `"options":null`, `"options":""`,
		`"kind":null,"whenBusy":null,"timeout":null,"queueTimeout":null,"maxAttempts":null,"callBackUri":null,"callbackUrl":null`,
		`"kind":"","whenBusy":"","timeout":"","queueTimeout":"","maxAttempts":"","callBackUri":"","callbackUrl":""`,
		`"kind":" Standard "`, `"kind":"standard","options":{"notifyOption":"MailOnFailure"}`,
		`"kind":"standard","options":{"type":"","commitMode":null,"objects":[],"maxParallelism":""}`, `"kind":"standard","options":null`,
		`"options":{"commitMode":"partialBatch","applyRefreshPolicy":false}`, `"options":{"commitMode":"PartialBatch","applyRefreshPolicy":" False "}`,
		`"options":{"commitMode":"transactional"}`, `"options":{"commitMode":"","applyRefreshPolicy":""}`,
		`"maxAttempts":10`, `"maxAttempts":" 3 "`, `"maxAttempts":2.0`, `"options":{"maxParallelism":"+4","retryCount":"2.0"}`,
		`"options":{"objects":[{"table":"Sales","partition":null},{"table":"Dates"}]}`, `"options":{"objects":""}`, `"options":{"objects":null}`,
		`"options":{"timeout":"05:00:00"}`, `"timeout":"1h30m"`,
	}
	rejected := []string{
		`"kind":"standard","options":{"type":"full"}`, `"kind":"STANDARD","options":{"commitMode":"transactional"}`,
		`"kind":"standard","options":{"maxParallelism":2}`, `"kind":"standard","options":{"retryCount":1}`,
		`"kind":"standard","options":{"applyRefreshPolicy":true}`, `"kind":"standard","options":{"effectiveDate":"2026-05-31"}`,
		`"kind":"standard","options":{"timeout":"05:00:00"}`, `"kind":"standard","options":{"objects":[{"table":"Sales"}]}`,
		`"options":{"commitMode":"partialBatch"}`, `"options":{"commitMode":"partialBatch","applyRefreshPolicy":true}`,
		`"options":{"commitMode":"PARTIALBATCH","applyRefreshPolicy":null}`,
		`"callBackUri":"https://a.example/x","callbackUrl":"https://b.example/y"`,
		`"maxAttempts":0`, `"maxAttempts":"0"`, `"maxAttempts":11`, `"maxAttempts":1.5`, `"kind":"both"`, `"whenBusy":"wait"`, `"other":1`,
		`"options":{"type":"some"}`, `"options":{"objects":[{"partition":"p"}]}`, `"options":{"objects":[{"table":" "}]}`, `"options":{"other":1}`,
		`"options":{"timeout":"25:00:00"}`, `"options":{"maxParallelism":-1}`, `"options":[]`,
	}
	spec := describedAPI(t)
	for want, list := range map[bool][]string{true: allowed, false: rejected} {
		for _, members := range list {
			spec.agrees(t, want, http.MethodPost, "/api/refreshes", wholeModel(members))
		}
	}
	spec.agrees(t, false, http.MethodPost, "/api/refreshes", `{"workspaceId":"`+testWorkspace+`"}`)
	spec.agrees(t, false, http.MethodPost, "/api/refreshes", strings.Replace(wholeModel(), testDataset, "{"+testDataset, 1))
	spec.agrees(t, true, http.MethodPost, "/api/refreshes", strings.Replace(wholeModel(), testDataset, " {"+testDataset+"} ", 1))
}

// The same for query parameters and headers.
func TestDocumentAgreesOnParameters(t *testing.T) {
	t.Parallel()
	const post, path = http.MethodPost, "/api/refreshes"
	spec := describedAPI(t)
	for _, query := range []string{"?wait=0", "?wait=30", "?wait="} {
		spec.agrees(t, true, post, path+query, wholeModel())
		spec.agrees(t, true, http.MethodGet, statusPath+"&"+query[1:], "")
	}
	for _, query := range []string{"?wait=-1", "?wait=soon", "?wait=1.5"} {
		spec.agrees(t, false, post, path+query, wholeModel())
		spec.agrees(t, false, http.MethodGet, statusPath+"&"+query[1:], "")
	}
	for _, header := range []string{
		"Idempotency-Key: run 7", `Idempotency-Key: "run 7"`, `Idempotency-Key: "a\"b";v=1`, "Idempotency-Key: ", `Idempotency-Key: ""`,
		"Operation-Id: 7", "Operation-Id: ", "Idempotency-Key: " + strings.Repeat("x", maxKey), "Repeatability-Request-ID: ", "Prefer: wait=3", "x-ms-client-request-id: anything",
	} {
		spec.agrees(t, true, post, path, wholeModel(), header)
	}
	for _, header := range []string{
		`Idempotency-Key: "open`, "Idempotency-Key: " + strings.Repeat("x", maxKey+1), "Operation-Id: \u0084", "Repeatability-Request-ID: 7",
	} {
		spec.agrees(t, false, post, path, wholeModel(), header)
	}
}

// describedAPI reads the document.
func describedAPI(t *testing.T) spec {
	t.Helper()
	s, err := apicheck.Load(OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return spec{s}
}

type spec struct{ *apicheck.Spec }

// agrees sends one request and compares what the app and the document make of it.
func (s spec) agrees(t *testing.T, want bool, method, target, body string, headers ...string) {
	t.Helper()
	var a answer
	synctest.Test(t, func(t *testing.T) { // wait takes its time
		a = newBench(t).do(method, target, body, headers...)
	})
	if got := a.code != http.StatusBadRequest; got != want {
		t.Errorf("the app accepts %s %s %s %q: got %t (HTTP %d %s), want %t", method, target, body, headers, got, a.code, a.raw, want)
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("x-functions-key", testKey)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	if err := s.CheckRequest(r); (err == nil) != want {
		t.Errorf("the document allows %s %s %s %q: got %t (%v), want %t", method, target, body, headers, err == nil, err, want)
	}
}
