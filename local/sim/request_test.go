package sim

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseRequest(t *testing.T) {
	t.Parallel()
	standard := refreshRequest{kind: "Automatic", commitMode: "Transactional", applyPolicy: true, timeout: 5 * time.Hour}
	full := standard
	full.enhanced, full.kind, full.commitMode, full.applyPolicy = true, "Full", "PartialBatch", false
	full.retryCount, full.timeout, full.notify = 2, 23*time.Hour+59*time.Minute+58*time.Second, "MailOnFailure"
	full.objects = []refreshObject{{"Customer", "Robert"}, {"Sales", ""}}
	for _, row := range []struct {
		name, body string
		want       refreshRequest
	}{
		{"documented defaults", "", standard},
		{"null is left out", `{"notifyOption":null}`, standard},
		{"everything, oddly written", `{"TYPE":"full","CommitMode":"partialBatch","maxParallelism":"4","retryCount":"2","applyRefreshPolicy":"FALSE",
			"timeout":"23:59:58","effectiveDate":"2026-01-01T00:00:00","notifyOption":"mailonfailure",
			"objects":[{"Table":"Customer","Partition":"Robert"},{"table":"Sales"}]}`, full},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseRequest([]byte(row.body))
			if err != nil || !reflect.DeepEqual(got, row.want) {
				t.Errorf("%+v %v, want %+v", got, err, row.want)
			}
		})
	}
}

// Microsoft's samples are taken, and those of partitions fail no later either.
func TestSamplesOfTheDocumentation(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"notifyOption":"MailOnFailure","retryCount":3}`,
		`{"type":"full","commitMode":"transactional","objects":[{"table":"Customer","partition":"Robert"}],"applyRefreshPolicy":"false","timeout":"05:00:00"}`,
		`{"type":"Full","commitMode":"transactional","maxParallelism":2,"retryCount":2,"timeout":"02:00:00","objects":[{"table":"DimCustomer","partition":"DimCustomer"},{"table":"DimDate"}]}`,
	} {
		q, err := parseRequest([]byte(body))
		if _, fails := q.laterFailure(); err != nil || fails {
			t.Errorf("%s: got %v, fails later %t; want neither", body, err, fails)
		}
	}
}

// What is accepted is one of the documented values, and a refusal names a member.
func FuzzParseRequest(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"type":"Full"}`, `{"timeout":"05:00:00"}`, `{"objects":[{"table":"A"}]}`, `{"retryCount":"1"}`,
		`{"applyRefreshPolicy":"false"}`, `{"effectiveDate":"2026-01-01"}`, `{"notifyOption":null}`, `[1]`, `{"type":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := parseRequest(body)
		if err != nil {
			if err.Error() == "" {
				t.Error("an empty error; want a value for Error")
			}
			return
		}
		if q.timeout < 0 || q.timeout >= 24*time.Hour || q.retryCount < 0 {
			t.Errorf("got %+v, want a timeout below a day and no negative number", q)
		}
		if !contains(refreshKinds, q.kind) || !contains(commitModes, q.commitMode) || (q.notify != "" && !contains(notifyOptions, q.notify)) {
			t.Errorf("got %+v, want documented words", q)
		}
		if _, late := q.laterFailure(); late && !q.applyPolicy {
			t.Errorf("got a later failure of %+v, want none without the policy", q)
		}
	})
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

func anotherKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTokenSignature(t *testing.T) {
	t.Parallel()
	ours, other := signingKey(), anotherKey(t)
	want := tokenClaims{Audience: "a", AppID: "b", Expires: 5}
	token := signToken(ours, want)
	got, err := parseToken(&ours.PublicKey, token)
	if err != nil || got != want {
		t.Errorf("got %+v %v; want %v", got, err, want)
	}
	parts := strings.Split(token, ".")
	for name, bad := range map[string]string{
		"another key":  signToken(other, want),
		"two parts":    parts[0] + "." + parts[1],
		"no payload":   parts[0] + "..." + parts[2],
		"not JSON":     parts[0] + ".eA." + parts[2],
		"no signature": parts[0] + "." + parts[1] + ".",
		"other claims": parts[0] + "." + strings.Split(signToken(ours, tokenClaims{AppID: "c"}), ".")[1] + "." + parts[2],
	} {
		if _, err := parseToken(&ours.PublicKey, bad); err == nil {
			t.Errorf("%s: got no error; want one", name)
		}
	}
}

// No text is a token of ours unless we signed it.
func FuzzParseToken(f *testing.F) {
	secret := signingKey().PublicKey
	f.Add("a.b.c")
	f.Add(signToken(anotherKey(f), tokenClaims{AppID: "x"}))
	f.Fuzz(func(t *testing.T, token string) {
		if claims, err := parseToken(&secret, token); err == nil {
			t.Errorf("%q: got %+v; want an error", token, claims)
		}
	})
}

func TestWireTimes(t *testing.T) {
	t.Parallel()
	base := time.Date(2021, 12, 10, 9, 40, 31, 0, time.FixedZone("CET", 3600))
	for _, row := range []struct {
		nanos  int
		layout string
		want   string
	}{
		{570e6, detailLayout, "2021-12-10T08:40:31.57"},
		{0, detailLayout, "2021-12-10T08:40:31"},
		{960e6, historyLayout, "2021-12-10T08:40:31.96Z"},
		{133999999, historyLayout, "2021-12-10T08:40:31.133Z"},
		{475951900, attemptLayout, "2021-12-10T08:40:31.4759519Z"},
		{933330000, attemptLayout, "2021-12-10T08:40:31.93333Z"},
	} {
		if got := wireTime(base.Add(time.Duration(row.nanos)), row.layout); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
	if got := wireTime(time.Time{}, historyLayout); got != "" {
		t.Errorf("got %q; want nothing", got)
	}
}

// Every documented field name is spelled as in the swagger.
func TestWireNames(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		value any
		names []string
	}{
		{historyRow{RequestID: "x", End: "x", Exception: "x", Extended: "x", Attempts: []attemptRow{{}}}, []string{
			"requestId", "id", "refreshType", "startTime", "endTime", "serviceExceptionJson", "status", "extendedStatus", "refreshAttempts",
		}},
		{attemptRow{End: "x", Exception: "x"}, []string{"attemptId", "startTime", "endTime", "serviceExceptionJson", "type"}},
		{
			detailRow{End: "x", Type: "x", CommitMode: "x", Extended: "x", CurrentType: "x", Objects: []detailObject{{}}, Messages: []Message{{}}, Attempts: []attemptRow{{}}, Exception: "x"},
			[]string{
				"startTime", "endTime", "type", "commitMode", "status", "extendedStatus", "currentRefreshType", "numberOfAttempts",
				"objects", "messages", "refreshAttempts", "serviceExceptionJson", "initiatedBy",
			},
		},
		{detailObject{Partition: "x"}, []string{"table", "partition", "status"}},
		{Message{Code: "x"}, []string{"code", "message", "type"}},
	} {
		text, err := json.Marshal(row.value)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(row.names) {
			t.Errorf("got %s; want the members %v", text, row.names)
		}
		for _, name := range row.names {
			if _, ok := got[name]; !ok {
				t.Errorf("got no member %s of %T, want one", name, row.value)
			}
		}
	}
}
