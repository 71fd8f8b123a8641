package callback

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answering is a receiver that answers with these bytes.
type answering []byte

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(a)), r)
}

// FuzzReceiver: after any answer of a receiver the record is within its bounds, and the
// result repeats nothing of the answer or the URL.
func FuzzReceiver(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 429 Too Many\r\nRetry-After: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nDate: Mon, 01 Jan 0001 00:00:00 GMT\r\n\r\n", "HTTP/1.1 503 No\r\nRetry-After: -5\r\n\r\n",
		"HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/\r\n\r\n", "HTTP/1.1 999 \r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\nx", "\x16\x03\x01", "",
	} {
		f.Add([]byte(seed))
	}
	now := time.Date(2026, 5, 31, 6, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, answer []byte) {
		s := NewSender(SenderOptions{Policy: defaults()})
		s.transport = answering(answer)
		res := s.Send(t.Context(), mustURL(t, s.policy, exactURL), []byte("{}"))
		if res.RetryAfter < 0 || res.RetryAfter > longestRest || res.Status == 0 && res.Cause == "" {
			t.Fatalf("the answer %q is the result %+v, want a status or a cause, and a wait of at most %v", answer, res, longestRest)
		}
		if text := fmt.Sprint(res); strings.Contains(text, "S1gnatur3") || len(text) > 200 {
			t.Fatalf("the answer %q is printed as %q, want at most 200 bytes and no secret", answer, text)
		}
		r := record{state: Sending, ended: now, due: now, attempts: 1}
		after := r.concluded(res, now.Add(time.Minute), 0.5, "txn")
		if after.due.Before(now) || after.due.After(now.Add(giveUpAfter+keepFor+time.Minute)) || after.state.final() && after.url != (URL{}) {
			t.Fatalf("after %+v the record is %v, want it due within a day and without URL once final", res, after)
		}
	})
}

// FuzzStored: any document is a record that can be sent, or an error that repeats nothing
// of it.
func FuzzStored(f *testing.F) {
	good, _, err := record{state: Waiting, url: mustURL(f, defaults(), exactURL), operation: Operation{"id", "nonce", "https://app"}, owner: ownerHash("key")}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for _, seed := range []string{`{"schema":1,"state":"delivered"}`, `{"schema":1,"state":"waiting","url":"http://127.0.0.1/S1gnatur3"}`, `{"schema":3}`, `null`, `{"schema":1,"state":"sending","attempts":-1,"due":"0001-01-01T00:00:00+23:59"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := decode(body)
		if err != nil {
			if strings.Contains(err.Error(), "S1gnatur3") || len(err.Error()) > 200 {
				t.Fatalf("decode(%q) = %v, want at most 200 bytes and no secret", body, err)
			}
			return
		}
		if !r.state.final() && !strings.HasPrefix(strings.ToLower(r.url.Exact()), "https://") {
			t.Fatalf("decode(%q) has the URL %q, want https", body, r.url.Exact())
		}
		again, meta, err := r.encode()
		if err != nil {
			return // a year that JSON cannot express
		}
		if s, err := decode(again); err != nil || s.state != r.state || s.url.Exact() != r.url.Exact() || s.owner != r.owner || meta[metaState] != string(r.state) {
			t.Fatalf("%q was written as %q, which is %v, %v, want the same record", body, again, s, err)
		}
	})
}
