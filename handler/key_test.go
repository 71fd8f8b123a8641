package handler

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

const (
	aGUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	aDate = "Repeatability-First-Sent: Fri, 31 Dec 1999 23:00:00 GMT" // an hour before virtual time begins
)

// keyOf is the key under which a request reaches the coordinator.
func keyOf(t *testing.T, body string, headers ...string) (k machine.Key) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.trigger(body, headers...).is(http.StatusAccepted)
		k = b.fake.requests[0].Key
	})
	return k
}

// Row 8 of the contract in docs/callers.md, and RFC 9651 for the string.
func TestSpellingsOfOneKey(t *testing.T) {
	t.Parallel()
	for _, group := range [][]string{
		{`Idempotency-Key: run 7-sales`, `Idempotency-Key: "run 7-sales"`, `Idempotency-Key:   "run 7-sales"  `, `Idempotency-Key: "run 7-sales";v=1`},
		{`Idempotency-Key: a"b\c`, `Idempotency-Key: "a\"b\\c"`},
		{`Idempotency-Key: 7`}, {`Idempotency-Key: ` + strings.Repeat("x", 256), `Idempotency-Key: "` + strings.Repeat("x", 256) + `"`},
		{`Repeatability-Request-ID: ` + aGUID, `Repeatability-Request-ID: ` + strings.ToUpper(aGUID)},
		{`Operation-Id: 7`, `Operation-Id: "7"`},
		{`Idempotency-Key: ` + aGUID}, {`Operation-Id: ` + aGUID}, // another kind is another key
	} {
		want := machine.Key{}
		for _, header := range group {
			headers := []string{header}
			if strings.HasPrefix(header, repeatabilityID) {
				headers = append(headers, aDate)
			}
			got := keyOf(t, wholeModel(), headers...)
			if got == (machine.Key{}) || want != (machine.Key{}) && got != want {
				t.Errorf("%s: %+v, want %+v", header, got, want)
			}
			want = got
		}
		for _, other := range []string{`Idempotency-Key: other`, `Operation-Id: other`} {
			if k := keyOf(t, wholeModel(), other); k.Name == want.Name || k.Payload != want.Payload {
				t.Errorf("%s and %s: %+v, %+v", group[0], other, want, k)
			}
		}
	}
	for _, none := range [][]string{nil, {"x-ms-client-tracking-id: 08585"}, {"x-ms-client-request-id: 7"}} {
		if k := keyOf(t, wholeModel(), none...); k != (machine.Key{}) {
			t.Errorf("%v is taken for a key", none)
		}
	}
}

// The same request may be written in many ways, and another request in only one.
func TestPayloadOfAKey(t *testing.T) {
	t.Parallel()
	const header = "Idempotency-Key: k"
	want := keyOf(t, wholeModel(), header)
	for _, body := range []string{
		" " + wholeModel() + "\n", strings.ReplaceAll(wholeModel(), testDataset, strings.ToUpper(testDataset)),
		wholeModel(`"kind":"auto"`, `"whenBusy":"Queue"`), wholeModel(`"timeout":null`, `"maxAttempts":null`), wholeModel(`"options":{}`),
	} {
		if k := keyOf(t, body, header); k != want {
			t.Errorf("%s is another request: %+v, want %+v", body, k, want)
		}
	}
	for _, body := range []string{
		strings.Replace(wholeModel(), testDataset, aGUID, 1), wholeModel(`"kind":"standard"`), wholeModel(`"timeout":"12h"`), wholeModel(`"maxAttempts":3`),
		wholeModel(`"whenBusy":"join"`), wholeModel(`"queueTimeout":"1h"`), wholeModel(`"options":{"type":"full"}`), wholeModel(`"options":{"retryCount":1}`),
	} {
		if k := keyOf(t, body, header); k.Name != want.Name || k.Payload == want.Payload {
			t.Errorf("%s: %+v, and %+v without it", body, k, want)
		}
	}
	b := newBench(t, func(c *Config) { c.DefaultTimeout = time.Hour })
	b.trigger(wholeModel(), header).is(http.StatusAccepted)
	if got := b.fake.requests[0]; got.Key != want || got.Ask.Timeout != time.Hour || got.Ask.MaxAttempts != attempts {
		t.Errorf("another default makes it another request: %+v", got)
	}
}

// A key is its caller's own: whoever else sends the same words, knowing or not, gets an
// operation of its own, and not the id with which another's can be read and cancelled.
func TestKeysOfTwoCallers(t *testing.T) {
	t.Parallel()
	const header = "Idempotency-Key: nightly-2026-05-31"
	bob := strings.Replace(ada, "1", "2", 1)
	want := keyOf(t, wholeModel(), header)
	if k := keyOf(t, wholeModel(), header, "x-functions-key: another"); k.Name == want.Name {
		t.Error("two function keys share the caller's key")
	}
	if k := keyOf(t, wholeModel(), header, principal(ada)); k != want {
		t.Error("a principal counts although App Service authentication is off")
	}
	b := newBench(t, func(c *Config) { c.Guard.Gate.EasyAuth = true })
	of := func(headers ...string) machine.Key {
		b.trigger(wholeModel(), append(headers, header)...).is(http.StatusAccepted)
		return b.fake.requests[len(b.fake.requests)-1].Key
	}
	if of(principal(ada)) == of(principal(bob)) {
		t.Error("two people share the caller's key")
	}
	if of(principal(ada)) != of(principal(ada), "x-functions-key: renewed") {
		t.Error("a renewed function key makes somebody else of a person")
	}
}

// The queue counts operations by owner: two names of one function key are one owner.
func TestOwnerOfARequest(t *testing.T) {
	t.Parallel()
	owner := func(headers ...string) string {
		b := newBench(t, func(*Config) {})
		b.trigger(wholeModel(), headers...).is(http.StatusAccepted)
		return b.fake.requests[0].Owner
	}
	one, two := owner("x-functions-key: one"), owner("x-functions-key: two")
	if one == "" || one == two || one != owner("x-functions-key: one") {
		t.Errorf("got owners %q and %q for two function keys, want two that stay", one, two)
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	const id = repeatabilityID + ": " + aGUID
	for _, tc := range []struct {
		name    string
		headers []string
		target  string
	}{
		{"blanks", []string{`Idempotency-Key: "   "`}, idempotencyKey},
		{"not closed", []string{`Idempotency-Key: "abc`}, idempotencyKey},
		{"something behind it", []string{`Idempotency-Key: "abc" "def"`}, idempotencyKey},
		{"too long", []string{`Idempotency-Key: ` + strings.Repeat("x", 257)}, idempotencyKey},
		{"not printable", []string{"Idempotency-Key: a\x01b"}, idempotencyKey},
		{"not ASCII", []string{"Operation-Id: schlüssel"}, operationID},
		{"two kinds", []string{`Idempotency-Key: a`, `Operation-Id: a`}, operationID},
		{"no GUID", []string{repeatabilityID + `: 7`, aDate}, repeatabilityID},
		{"no first sent", []string{id}, firstSent},
		{"first sent in another form", []string{id, firstSent + ": 1999-12-31T23:00:00Z"}, firstSent},
		{"first sent in RFC 850 form", []string{id, firstSent + ": Friday, 31-Dec-99 23:00:00 GMT"}, firstSent},
		{"first sent in another zone", []string{id, firstSent + ": Fri, 31 Dec 1999 23:00:00 CET"}, firstSent},
		{"first sent alone", []string{aDate}, repeatabilityID},
		{"first sent with another key", []string{`Idempotency-Key: a`, aDate}, repeatabilityID},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.trigger(wholeModel(), tc.headers...).is(http.StatusBadRequest)
			if e := a.wireError(); e.Code != "InvalidRequest" || e.Target != tc.target || len(b.fake.calls) != 0 {
				t.Errorf("%s, calls %v", a.raw, b.fake.calls)
			}
			want := ""
			if strings.HasPrefix(tc.headers[0], repeatabilityID) {
				want = "rejected"
			}
			a.has("Repeatability-Result", want)
		})
	}
}

func TestSeveralHeadersOfOneKind(t *testing.T) {
	t.Parallel()
	if k, problems := readKey(http.Header{idempotencyKey: {"a", "a"}}); k.text != "a" || len(problems) != 0 {
		t.Errorf("the same twice: %+v, %v", k, problems)
	}
	if _, problems := readKey(http.Header{idempotencyKey: {"a", "b"}}); len(problems) != 1 {
		t.Errorf("two keys: %v", problems)
	}
}

// The body and the key are told together.
func TestProblemsOfKeyAndBody(t *testing.T) {
	t.Parallel()
	if e := newBench(t).trigger(`{}`, "Idempotency-Key: é").is(http.StatusBadRequest).wireError(); len(e.Details) != 3 {
		t.Errorf("%+v", e)
	}
}

func TestRepeatabilityIsAnswered(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		date   string
		err    error
		code   int
		result string
	}{
		{"done", aDate, nil, 202, "accepted"},
		{"an old try that may be remembered", firstSent + ": Sat, 25 Dec 1999 01:00:00 GMT", nil, 202, "accepted"},
		{"too old", firstSent + ": Fri, 24 Dec 1999 23:00:00 GMT", nil, 412, "rejected"},
		{"a clock that is ahead", firstSent + ": Sat, 01 Jan 2000 07:00:00 GMT", nil, 202, "accepted"},
		{"another request", aDate, &refresh.Refusal{Code: machine.CodeKeyReused, Message: "No."}, 422, "rejected"},
		{"busy", aDate, &refresh.Refusal{Code: machine.CodeBusy, Message: "No."}, 409, "rejected"},
		{"our failure", aDate, &refresh.UnavailableError{RetryAfter: time.Second}, 503, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) { return receipt(machine.Queued), tc.err }
				b.trigger(wholeModel(), repeatabilityID+": "+aGUID, tc.date).is(tc.code).has("Repeatability-Result", tc.result)
				if called := b.fake.count("trigger") > 0; called == (tc.code == http.StatusPreconditionFailed) {
					t.Errorf("the coordinator was asked: %t", called)
				}
			})
		})
	}
}

// Contract 10.8: another payload is 422, and 400 for Operation-Id (Azure guidelines).
func TestKeyOfAnotherRequest(t *testing.T) {
	t.Parallel()
	for header, code := range map[string]int{idempotencyKey: 422, operationID: 400} {
		b := newBench(t)
		b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) {
			return refresh.Receipt{}, &refresh.Refusal{Code: machine.CodeKeyReused, Message: "It was used."}
		}
		a := b.trigger(wholeModel(), header+": k").is(code).has("x-ms-error-code", machine.CodeKeyReused).has("Location", "")
		if e := a.wireError(); e.Target != header || a.object()["status"] != nil {
			t.Errorf("%s", a.raw)
		}
	}
}

// Contract 10.1: a replay is answered as the operation stands.
func TestReplays(t *testing.T) {
	t.Parallel()
	for phase, want := range map[machine.Phase]struct {
		code     int
		location string
	}{
		machine.Queued: {http.StatusAccepted, testStatusURL}, machine.Running: {http.StatusAccepted, testStatusURL},
		machine.Succeeded: {http.StatusOK, ""}, machine.Failed: {http.StatusConflict, ""},
	} {
		b := newBench(t)
		b.fake.trigger = func(refresh.Request) (refresh.Receipt, error) {
			r := receipt(phase)
			r.Replayed = true
			return r, nil
		}
		a := b.trigger(wholeModel(), "Idempotency-Key: k").is(want.code).has("Location", want.location).has("Idempotent-Replayed", "true")
		if d := a.document(); d.Phase != phase {
			t.Errorf("phase %s, want %s", d.Phase, phase)
		}
	}
	newBench(t).trigger(wholeModel(), "Idempotency-Key: k").has("Idempotent-Replayed", "")
}

func FuzzBareKey(f *testing.F) {
	for _, seed := range []string{"", "a", `"a"`, `"a\"b"`, `"a";x`, `"\`, `"`, "\x00", `" "`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		text, ok := bare(v)
		if !ok {
			return
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		if again, ok := bare(quoted); !ok || again != text || len(text) > maxKey {
			t.Errorf("%q becomes %q", quoted, again)
		}
	})
}
