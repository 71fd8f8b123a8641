package handler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"pbirefresh/internal/guid"
	"pbirefresh/refresh/machine"
)

// The headers by which a request says that it is the same as an earlier one. At most
// one kind of key is accepted: with two, a client that leaves one out of a repetition
// would silently get another operation.
//
// x-ms-client-tracking-id is none of them. Logic Apps sends it with every action of a
// run, and callers may set it for several runs: a loop that asks twice for the same
// would be answered with its first refresh, which is stale data called Succeeded. The
// cost: a Logic App that repeats a POST without a key of its own may get one refresh
// more than it needs, or shares the one that waits.
const (
	idempotencyKey  = "Idempotency-Key"          // IETF httpapi draft: a quoted string; often sent bare
	repeatabilityID = "Repeatability-Request-ID" // OASIS Repeatable Requests 1.0
	firstSent       = "Repeatability-First-Sent"
	operationID     = "Operation-Id" // Azure REST guidelines
)

const (
	maxKey = 256
	// tracked is how old a repetition may be: for so long the records of keys are kept.
	tracked = 7 * 24 * time.Hour
)

// clientKey is the key that a request came with.
type clientKey struct{ header, text string }

// readKey reads the key of a request; the zero one if it has none.
func readKey(h http.Header) (clientKey, []Detail) {
	var k clientKey
	problems := &problems{}
	for _, name := range []string{idempotencyKey, repeatabilityID, operationID} {
		values := slices.DeleteFunc(slices.Clone(h.Values(name)), absent)
		switch {
		case len(values) == 0:
			continue
		case k.header != "":
			problems.add("InvalidCombination", name, fmt.Sprintf("Send %s or %s, not both: one request has one key.", k.header, name))
		case slices.ContainsFunc(values, func(v string) bool { return v != values[0] }):
			problems.add("InvalidValue", name, "There are several headers "+name+". Send one.")
		}
		k = clientKey{name, values[0]}
	}
	k.text = k.check(problems)
	if k.header == repeatabilityID || !absent(h.Get(firstSent)) {
		k.checkFirstSent(h.Get(firstSent), problems)
	}
	return k, problems.list
}

// absent reports whether a header says nothing: a parameter of a pipeline that is empty
// becomes an empty header, or an empty string in quotes.
func absent(value string) bool {
	value = strings.TrimSpace(value)
	return value == "" || value == `""`
}

// check validates the key and strips its quotes.
func (k clientKey) check(p *problems) string {
	switch k.header {
	case "":
	case repeatabilityID:
		text := strings.ToLower(strings.TrimSpace(k.text))
		if !guid.Valid(text) {
			p.add("InvalidValue", k.header, k.header+" must be a GUID: a new one for each request, the same for its repetitions.")
		}
		return text
	default:
		text, ok := bare(k.text)
		if !ok {
			p.add("InvalidValue", k.header, fmt.Sprintf("%s must have 1 to %d printable ASCII characters, in double quotes or without.", k.header, maxKey))
		}
		return text
	}
	return ""
}

// bare returns the text of a structured-field string (RFC 9651, 4.2.5), or of one that was
// sent without quotes. Parameters mean nothing here and are ignored, as that RFC says.
func bare(v string) (string, bool) {
	v = strings.TrimSpace(v)
	if quoted, is := strings.CutPrefix(v, `"`); is {
		text, rest, ok := cutQuoted(quoted)
		if rest = strings.TrimSpace(rest); !ok || rest != "" && rest[0] != ';' {
			return "", false
		}
		v = text
	}
	unfit := func(r rune) bool { return r < ' ' || r > '~' }
	return v, len(v) <= maxKey && strings.TrimSpace(v) != "" && !strings.ContainsFunc(v, unfit)
}

// cutQuoted takes a quoted string apart from what follows it. Its opening quote is
// gone already.
func cutQuoted(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// checkFirstSent: the two headers of a repeatable request come together (documented:
// Azure Communication Services, Repeatability of requests).
func (k clientKey) checkFirstSent(value string, p *problems) {
	_, err := time.Parse(http.TimeFormat, value)
	switch {
	case k.header != repeatabilityID:
		p.add("Missing", repeatabilityID, firstSent+" comes with "+repeatabilityID+", a GUID. Send both, or neither.")
	case err != nil:
		p.add("InvalidValue", firstSent, firstSent+" must be the time of the first try, such as "+http.TimeFormat+", and the same in repetitions.")
	}
}

// inTime refuses a repetition whose first request may have been forgotten: the app can no
// longer know whether it was done.
func (k clientKey) inTime(h http.Header) error {
	at, _ := time.Parse(http.TimeFormat, h.Get(firstSent)) // readKey has refused what is no date
	if k.header != repeatabilityID || time.Since(at) <= tracked {
		return nil
	}
	return &Error{Status: http.StatusPreconditionFailed, Code: "FirstSentTooLongAgo", Target: firstSent,
		Message: fmt.Sprintf("Requests can be repeated for %d days. Find out what became of this one, and send a new one if it is needed.", tracked/(24*time.Hour))}
}

// of is the owner's key for a request. What its body left out counts as left out, whatever
// the default is. The owner is part of it: another caller may use the same words, and must
// not get the id of this caller's operation.
func (k clientKey) of(owner string, m machine.Model, said machine.Ask) machine.Key {
	if k.header == "" {
		return machine.Key{}
	}
	return machine.NewKey(k.header+"\x00"+owner, k.text, m, said)
}

// refused puts an error into the words of the header: the Azure guidelines want 400
// for an Operation-Id that another request has, the IETF draft 422 for its key. Whether
// a request that met a failure of ours is rejected for good is not said.
func (k clientKey) refused(h http.Header, err error) error {
	e := asError(err)
	if e.Status < http.StatusInternalServerError {
		k.result(h, "rejected")
	}
	if e.Code != machine.CodeKeyReused {
		return err
	}
	if e.Target = k.header; k.header == operationID {
		e.Status = http.StatusBadRequest
	}
	return e
}

// result answers a repeatable request as OASIS has it.
func (k clientKey) result(h http.Header, word string) {
	if k.header == repeatabilityID {
		h.Set("Repeatability-Result", word)
	}
}
