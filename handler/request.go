package handler

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"pbirefresh/callback"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
)

// Bounds of what a caller may ask for.
const (
	minTimeout  = time.Minute
	maxTimeout  = 7 * 24 * time.Hour
	maxAttempts = 10
	attempts    = 3 // of a request that names none
)

// readBody reads a JSON body within bounds.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkMedia(r.Header); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Code: "BodyTooLarge", Target: "body",
			Message: fmt.Sprintf("The body is larger than %d KiB. Name fewer objects, or refresh whole tables.", maxBody>>10)}
	case err != nil:
		return nil, badRequest([]Detail{{Code: "BodyNotReadable", Target: "body", Message: "The body ended early. Send it again."}})
	}
	return body, nil
}

// checkMedia refuses what is not JSON in UTF-8, as it is.
func checkMedia(h http.Header) error {
	kind, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset, coding := parameters["charset"], h.Get("Content-Encoding")
	switch {
	case err != nil || kind != "application/json":
		return &Error{Status: http.StatusUnsupportedMediaType, Code: "UnsupportedMediaType", Target: "Content-Type",
			Message: fmt.Sprintf("Send the body with the header Content-Type: application/json, not %.60q.", h.Get("Content-Type"))}
	case charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii"):
		return &Error{Status: http.StatusUnsupportedMediaType, Code: "UnsupportedMediaType", Target: "Content-Type",
			Message: fmt.Sprintf("Send the body in UTF-8, not in %.60q.", charset)}
	case coding != "" && !strings.EqualFold(coding, "identity"):
		return &Error{Status: http.StatusUnsupportedMediaType, Code: "UnsupportedMediaType", Target: "Content-Encoding",
			Message: fmt.Sprintf("Send the body as it is, without Content-Encoding: %.60q.", coding)}
	}
	return nil
}

// parseRequest reads the body of a trigger:
//
//	{"workspaceId", "datasetId",                     GUIDs, required
//	 "kind": "auto|standard|enhanced",               default auto
//	 "whenBusy": "queue|join|reject",                default queue
//	 "timeout": "12h", "queueTimeout": "1h",         durations
//	 "maxAttempts": 3,
//	 "callBackUri" or "callbackUrl": "https://...",  where to tell the end
//	 "options": {...}}                               of the Power BI refresh API
//
// It returns every problem that it finds, and a request only without any.
func parseRequest(body []byte, defaultTimeout time.Duration, check func(string) (callback.URL, error)) (refresh.Request, callback.URL, []Detail) {
	f, problems := parseObject(body)
	if len(problems) > 0 {
		return refresh.Request{}, callback.URL{}, problems
	}
	r := refresh.Request{
		Model: refresh.Model{WorkspaceID: f.guid("workspaceId"), DatasetID: f.guid("datasetId")},
		Ask: refresh.Ask{
			WhenBusy:     refresh.WhenBusy(f.word("whenBusy", "queue", "join", "reject")),
			Timeout:      f.duration("timeout", defaultTimeout),
			QueueTimeout: f.duration("queueTimeout", 0),
			MaxAttempts:  f.integer("maxAttempts", attempts, 1, maxAttempts),
		},
	}
	kind := refresh.Kind(f.word("kind", "auto", "standard", "enhanced"))
	options := parseOptions(f.object("options"), kind)
	r.Ask.Shape, r.Ask.Tuning = shape(kind, options)
	if r.Ask.Shape.Size() > refresh.MaxShape {
		f.problem("OverLimit", "options.objects", fmt.Sprintf("The objects take more than %d KiB. Name whole tables in place of their partitions, or refresh the whole model.", refresh.MaxShape>>10))
	}
	if r.Ask.QueueTimeout > r.Ask.Timeout {
		f.problem("InvalidCombination", "queueTimeout", "queueTimeout is longer than timeout, which covers queueing and running. Make it shorter, or leave it out.")
	}
	callBack := f.callback(check)
	f.done()
	if len(f.problems.list) > 0 {
		return refresh.Request{}, callback.URL{}, f.problems.list
	}
	return r, callBack, nil
}

// parseOptions reads the members that go to Power BI.
func parseOptions(f *fields, kind refresh.Kind) powerbi.RefreshRequest {
	if f == nil {
		return powerbi.RefreshRequest{}
	}
	o := powerbi.RefreshRequest{
		NotifyOption: f.text("notifyOption"), Type: f.text("type"), CommitMode: f.text("commitMode"),
		MaxParallelism: f.looseInteger("maxParallelism"), RetryCount: f.looseInteger("retryCount"),
		ApplyRefreshPolicy: f.looseBool("applyRefreshPolicy"),
		EffectiveDate:      f.text("effectiveDate"), Timeout: f.text("timeout"),
	}
	o.Objects = f.objects("objects")
	f.done()
	found := slices.DeleteFunc(o.Validate(), func(p powerbi.Problem) bool { return f.problems.told(f.path + p.Field) })
	for _, p := range found {
		f.problem(string(p.Code), p.Field, f.path+p.Field+": "+p.Message+".")
	}
	if kind == refresh.Standard && o.Enhanced() {
		f.problem("InvalidCombination", "", "kind standard takes no options but notifyOption. Leave the options out, or kind.")
	}
	return o.Canonical()
}

// shape is what is asked for, in canonical spelling. Options that only an enhanced
// refresh takes make it one; without a type, it does what a standard refresh does.
func shape(kind refresh.Kind, o powerbi.RefreshRequest) (refresh.Shape, refresh.Tuning) {
	tuning := refresh.Tuning{MaxParallelism: o.MaxParallelism, RetryCount: o.RetryCount, Timeout: o.Timeout}
	if o.Enhanced() {
		kind = refresh.Enhanced
	}
	s := refresh.Shape{Kind: kind, Type: o.Type, CommitMode: o.CommitMode, ApplyPolicy: o.ApplyRefreshPolicy, EffectiveDate: o.EffectiveDate}
	if s.Kind == refresh.Enhanced {
		s.Type, s.CommitMode = or(s.Type, "Full"), or(s.CommitMode, "Transactional")
	}
	for _, object := range o.Objects {
		s.Objects = append(s.Objects, refresh.Object{Table: object.Table, Partition: object.Partition})
	}
	return s, tuning
}
