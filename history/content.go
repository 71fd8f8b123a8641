package history

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pbirefresh/audit"
	"pbirefresh/lease"
)

// metaKey is the metadata that holds the content.
const metaKey = "v"

// Bounds of a content. Metadata may have 8 KiB (Azure Blob: documented), of which base64
// takes a third.
const (
	maxContent = 5 << 10 // bytes of JSON
	maxText    = 800     // bytes of each text of an end
	maxName    = 200     // bytes of the name of a person
)

var errTooLarge = errors.New("history: the content does not fit into the metadata of a blob")

// Caller is who asked for an operation.
type Caller struct {
	ID   string `json:"id"` // key:adf, object:..., schedule:...
	Name string `json:"name,omitempty"`
}

// asked is the content of an "asked" blob.
type asked struct {
	At      time.Time `json:"at"`      // of the first of them
	Callers []Caller  `json:"callers"` // each once
	Count   int       `json:"count"`   // requests
	Labels  []string  `json:"labels,omitempty"`
}

// End is how an operation ended.
type End struct {
	Status   string    `json:"status"`
	Code     string    `json:"code,omitempty"`
	Message  string    `json:"message,omitempty"`
	Cause    string    `json:"cause,omitempty"`
	Words    string    `json:"words,omitempty"` // Power BI's own
	Remedy   string    `json:"remedy,omitempty"`
	Started  time.Time `json:"started,omitzero"` // at Power BI
	Ended    time.Time `json:"ended,omitzero"`   // at Power BI, if it ran
	Seen     time.Time `json:"seen,omitzero"`    // when this app ended the operation
	Attempts int       `json:"attempts,omitempty"`
}

// summaries summarizes requests for one operation, in as many contents as they need.
func summaries(records []audit.Record) []asked {
	a := askedOf(records)
	if half := len(records) / 2; half > 0 && len(marshal(a)) > maxContent {
		return append(summaries(records[:half]), summaries(records[half:])...)
	}
	return []asked{a}
}

// askedOf summarizes requests for one operation.
func askedOf(records []audit.Record) asked {
	a := asked{At: records[0].Time, Count: len(records)}
	for _, r := range records {
		if r.Time.Before(a.At) {
			a.At = r.Time
		}
		if c := (Caller{r.Caller, cut(r.Name, maxName)}); !slices.Contains(a.Callers, c) {
			a.Callers = append(a.Callers, c)
		}
		if r.Ask == nil {
			continue
		}
		for _, label := range r.Ask.Labels {
			if !slices.Contains(a.Labels, label) {
				a.Labels = append(a.Labels, label)
			}
		}
	}
	return a
}

func endOf(r audit.Record) End {
	e := End{Seen: r.Time}
	if r.End == nil {
		return e
	}
	e.Status, e.Code, e.Message, e.Cause = r.End.Status, r.End.Code, cut(r.End.Reason, maxText), r.End.Cause
	e.Words, e.Remedy, e.Attempts = cut(r.End.Words, maxText), cut(r.End.Remedy, maxText), r.End.Attempts
	e.Started, e.Ended = stamp(r.End.Started), stamp(r.End.Completed)
	return e
}

// stamp reads a time of a record; one that is not there, or not readable, is zero.
func stamp(text string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}

// cut shortens a text to so many bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// encode returns the body and the metadata of a content. The labels of a single request are
// dropped if they are what does not fit.
func encode(content any) ([]byte, lease.Meta, error) {
	body := marshal(content)
	if a, is := content.(asked); is && len(body) > maxContent {
		a.Labels = nil
		body = marshal(a)
	}
	if len(body) > maxContent {
		return nil, nil, errTooLarge
	}
	return body, lease.Meta{metaKey: base64.RawURLEncoding.EncodeToString(body)}, nil
}

// marshal leaves < and & as they are: escaped they take six bytes.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // texts, numbers and times of this package's own types
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// decode reads the content from the metadata. It reports false if there is none.
func decode(meta lease.Meta, content any) bool {
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(meta[metaKey], "="))
	return err == nil && json.Unmarshal(body, content) == nil
}
