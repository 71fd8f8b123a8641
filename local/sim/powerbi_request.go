package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refreshRequest is the body of a refresh request, with enum values in the documentation's spelling.
type refreshRequest struct {
	enhanced    bool
	notify      string
	kind        string
	commitMode  string
	retryCount  int
	objects     []refreshObject
	applyPolicy bool
	timeout     time.Duration
}

type refreshObject struct {
	Table     string `json:"table"`
	Partition string `json:"partition"`
}

// timeoutPattern is the swagger's.
var timeoutPattern = regexp.MustCompile(`^([0-1]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$`)

// The documented enum values. Docs write both Full and full, so case is ignored.
var (
	notifyOptions = []string{"NoNotification", "MailOnFailure", "MailOnCompletion"}
	refreshKinds  = []string{"Full", "ClearValues", "Calculate", "DataOnly", "Automatic", "Defragment"}
	commitModes   = []string{"Transactional", "PartialBatch"}
)

// parseRequest reads a body. A zero-length body, {} and a lone notifyOption are a standard refresh; any other member
// makes it enhanced (documented). unverified: a bad value is rejected, with a text of this package.
func parseRequest(body []byte) (refreshRequest, error) {
	q := refreshRequest{kind: "Automatic", commitMode: "Transactional", applyPolicy: true, timeout: 5 * time.Hour}
	if len(bytes.TrimSpace(body)) == 0 {
		return q, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return q, errors.New("the body is not a JSON object")
	}
	for _, name := range slices.Sorted(maps.Keys(members)) { // in order, so that the same request gets the same answer
		if err := q.set(strings.ToLower(name), members[name]); err != nil {
			return q, fmt.Errorf("%s: %w", name, err)
		}
	}
	return q, nil
}

// set reads one member; unverified: unknown members are ignored, but do make the request enhanced.
func (q *refreshRequest) set(name string, raw json.RawMessage) (err error) {
	null := string(raw) == "null" // unverified: null counts as absent, as .NET reads optional members
	if name == "notifyoption" && !null {
		q.notify, err = enum(raw, notifyOptions)
		return err
	}
	q.enhanced = q.enhanced || name != "notifyoption"
	if null {
		return nil
	}
	switch name {
	case "type":
		q.kind, err = enum(raw, refreshKinds)
	case "commitmode":
		q.commitMode, err = enum(raw, commitModes)
	case "maxparallelism":
		_, err = integer(raw)
	case "retrycount":
		q.retryCount, err = integer(raw)
	case "applyrefreshpolicy":
		q.applyPolicy, err = boolean(raw)
	case "objects":
		err = json.Unmarshal(raw, &q.objects)
	case "effectivedate":
		err = date(raw)
	case "timeout":
		q.timeout, err = clockTime(raw)
	}
	return err
}

func enum(raw json.RawMessage, values []string) (string, error) {
	var word string
	if err := json.Unmarshal(raw, &word); err != nil {
		return "", errors.New("not a string")
	}
	for _, v := range values {
		if strings.EqualFold(v, word) {
			return v, nil
		}
	}
	return "", fmt.Errorf("%q is none of %v", word, values)
}

// integer and boolean accept strings as well (seen: fabric-cli sends "1", the swagger's example "false").
func integer(raw json.RawMessage) (int, error) {
	n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	if err != nil || n < 0 {
		return 0, errors.New("not a number of 0 or more")
	}
	return n, nil
}

func boolean(raw json.RawMessage) (bool, error) {
	b, err := strconv.ParseBool(strings.ToLower(strings.Trim(string(raw), `"`)))
	if err != nil {
		return false, errors.New("not true or false")
	}
	return b, nil
}

func date(raw json.RawMessage) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New("not a string")
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if _, err := time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return errors.New("not a date")
}

func clockTime(raw json.RawMessage) (time.Duration, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || !timeoutPattern.MatchString(text) {
		return 0, errors.New("not hh:mm:ss")
	}
	var h, m, s int
	if _, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); err != nil {
		return 0, errors.New("not hh:mm:ss")
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second, nil
}

// laterFailure is the outcome of a combination that is accepted and fails afterwards: PartialBatch with a refresh policy
// (documented sample). A partition is refreshed also without applyRefreshPolicy: the documentation's own sample of an
// enhanced refresh is one. If its table has a policy it is rejected (seen: gbrueckl/PowerBI-VSCode#27 and #33); tables
// here have none.
func (q refreshRequest) laterFailure() (Outcome, bool) {
	if !q.applyPolicy || q.commitMode != "PartialBatch" {
		return Outcome{}, false
	}
	o := policyFailure()
	o.Status = statusFailed
	o.Duration = 1500 * time.Millisecond
	return o, true
}
