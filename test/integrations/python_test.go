package integrations

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// azureCore stands in for the poller of the SDKs for Python, by the rules of its source
// (https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/core/azure-core/azure/core/polling/base_polling.py):
// it follows Operation-Location, else Location, else nothing. By the former it goes by
// the words of status, of which Completed and Cancelled never end, and gets Location once
// more at the end; by the latter 202 goes on, and anything else has succeeded. Every code
// but 200, 201, 202 and 204 is an error, after the retries of its policy.
type azureCore struct {
	ctx    context.Context
	a      *app
	cancel bool // after the first look
}

// heard is an answer as far as the poller reads it.
type heard struct {
	code   int
	header http.Header
	doc    handler.StatusDocument
}

// python is azureCore, to which those headers show the way.
func python(ways ...string) func(*testing.T, *app, sim.Ref, bool) ended {
	return func(t *testing.T, a *app, ref sim.Ref, cancel bool) ended {
		t.Helper()
		p := &azureCore{patience(t), a, cancel}
		doc, err := p.follow(ref, ways)
		if err != nil {
			return ended{"failed", err.Error(), doc}
		}
		return ended{"succeeded", "", doc}
	}
}

func (p *azureCore) follow(ref sim.Ref, ways []string) (handler.StatusDocument, error) {
	first, err := p.send(http.MethodPost, p.a.host.URL()+"/api/refreshes", "python-"+ref.Model, body(ref))
	if err != nil {
		return first.doc, err
	}
	shown := func(header string) string {
		if !slices.Contains(ways, header) {
			return ""
		}
		return first.header.Get(header)
	}
	words, location := shown("Operation-Location"), shown("Location")
	last, err := p.poll(cmp.Or(words, location), words != "")
	if err != nil || words == "" || location == "" {
		return last.doc, err
	}
	last, err = p.send(http.MethodGet, location, "", nil)
	return last.doc, err
}

// poll looks until it takes an answer for the end.
func (p *azureCore) poll(url string, byWords bool) (heard, error) {
	for {
		got, err := p.send(http.MethodGet, url, "", nil)
		if err == nil && p.cancel {
			p.cancel, err = false, p.a.cancel(p.ctx, got.doc.ID)
		}
		word := strings.ToLower(string(got.doc.Status))
		switch {
		case err != nil:
			return got, err
		case byWords && slices.Contains([]string{"failed", "canceled"}, word):
			return got, errors.New("operation returned an invalid status " + word)
		case byWords && word == "succeeded", !byWords && got.code != http.StatusAccepted:
			return got, nil
		}
		p.pause(got.header, 30*time.Second)
	}
}

func (p *azureCore) pause(h http.Header, otherwise time.Duration) {
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil {
		otherwise = time.Duration(seconds) * time.Second
	}
	select {
	case <-time.After(otherwise):
	case <-p.ctx.Done():
	}
}

// repeated are the codes that the retry policy of azure-core sends a request again for.
// How often it does is not part of the stand-in: the test's patience ends it.
var repeated = []int{408, 429, 500, 502, 503, 504}

func (p *azureCore) send(method, url, key string, content []byte) (heard, error) {
	for {
		got, text, err := p.once(method, url, key, content)
		switch {
		case p.ctx.Err() != nil:
			return got, cmp.Or(err, p.ctx.Err())
		case err != nil, slices.Contains(repeated, got.code):
			p.pause(got.header, time.Second)
		case !slices.Contains([]int{200, 201, 202, 204}, got.code):
			return got, fmt.Errorf("HttpResponseError: %d: %s", got.code, text)
		default:
			return got, json.Unmarshal(text, &got.doc)
		}
	}
}

func (p *azureCore) once(method, url, key string, content []byte) (got heard, text []byte, err error) {
	req, err := http.NewRequestWithContext(p.ctx, method, url, bytes.NewReader(content))
	if err != nil {
		return got, nil, err
	}
	if method == http.MethodPost {
		req.Header = http.Header{"Content-Type": {"application/json"}, "X-Functions-Key": {p.a.host.FunctionKey()}, "Idempotency-Key": {key}}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return got, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err = io.ReadAll(resp.Body)
	return heard{code: resp.StatusCode, header: resp.Header}, text, err
}
