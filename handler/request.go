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
	"pbirefresh/internal/httpjson"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
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
	if r.ContentLength == 0 { // the host drops the type of what is empty (ran on host 4.1037)
		return nil, nil
	}
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
	case charset != "" && !slices.Contains([]string{"utf-8", "utf8", "us-ascii"}, strings.ToLower(charset)):
		return &Error{Status: http.StatusUnsupportedMediaType, Code: "UnsupportedMediaType", Target: "Content-Type",
			Message: fmt.Sprintf("Send the body in UTF-8: its Content-Type names the charset %.60q.", charset)}
	case coding != "" && !strings.EqualFold(coding, "identity"):
		return &Error{Status: http.StatusUnsupportedMediaType, Code: "UnsupportedMediaType", Target: "Content-Encoding",
			Message: fmt.Sprintf("Send the body as it is, without Content-Encoding: %.60q.", coding)}
	}
	return nil
}

// bodyReader reads the bodies of triggers.
type bodyReader struct {
	defaultTimeout time.Duration
	extraOptions   []string // of a newer API version, let through as they are
	checkCallback  func(string) (callback.URL, error)
}

// parsed is what a body asks for.
type parsed struct {
	request  refresh.Request
	callBack callback.URL // zero: none
	said     machine.Ask  // with zero in place of the defaults: what the body itself says
	warnings []Detail     // what is accepted and has no effect
	labels   []string     // by which GET /api/operations finds the operation
}

// parse reads the body of a trigger:
//
//	{"workspaceId", "datasetId",                     GUIDs, required
//	 "kind": "auto|standard|enhanced",               default auto
//	 "whenBusy": "queue|join|reject",                default queue
//	 "timeout": "12h", "queueTimeout": "1h",         durations
//	 "maxAttempts": 3,
//	 "callBackUri" or "callbackUrl": "https://...",  where the end is reported
//	 "labels": ["..."],                              free text, for GET /api/operations
//	 "options": {...}}                               of the Power BI refresh API
//
// An optional member that is null or "" counts as absent: expressions of pipelines write
// both for an empty parameter. It returns the problems that it finds, at most [maxProblems],
// and a request only without any.
func (b bodyReader) parse(body []byte) (parsed, []Detail) {
	f, problems := parseObject(body)
	if len(problems) > 0 {
		return parsed{}, problems
	}
	p := parsed{request: refresh.Request{Model: machine.Model{WorkspaceID: f.guid("workspaceId"), DatasetID: f.guid("datasetId")}}}
	b.ask(f, &p)
	p.callBack = f.callback(b.checkCallback)
	p.labels = f.labels("labels")
	f.done()
	if len(f.problems.list) > 0 {
		return parsed{}, f.problems.list
	}
	return p, nil
}

// ask reads how the model is to be refreshed.
func (b bodyReader) ask(f *fields, p *parsed) {
	var saysTimeout, saysAttempts bool
	ask := &p.request.Ask
	ask.WhenBusy = machine.WhenBusy(f.word("whenBusy", "queue", "join", "reject"))
	ask.Timeout, saysTimeout = f.duration("timeout", b.defaultTimeout)
	ask.QueueTimeout, _ = f.duration("queueTimeout", 0)
	ask.MaxAttempts, saysAttempts = f.integer("maxAttempts", attempts, 1, maxAttempts)
	kind := machine.Kind(f.word("kind", "auto", "standard", "enhanced"))
	options := parseOptions(f.object("options"), kind, b.extraOptions)
	ask.Shape, ask.Tuning = shape(kind, options)
	if ask.Shape.Kind != machine.Enhanced {
		ask.NotifyOption = options.NotifyOption
	}
	if ask.Shape.Size() > machine.MaxShape {
		f.problems.add("OverLimit", "options.objects", fmt.Sprintf("The objects take more than %d KiB. Name whole tables in place of their partitions, or refresh the whole model.", machine.MaxShape>>10))
	}
	if ask.QueueTimeout > ask.Timeout {
		f.Report("queueTimeout", "InvalidCombination", "is longer than timeout, which covers queueing and running: make it shorter, or leave it out")
	}
	p.warnings = warnings(ask.Shape.Kind, options)
	p.said = *ask
	if !saysTimeout {
		p.said.Timeout = 0
	}
	if !saysAttempts {
		p.said.MaxAttempts = 0
	}
}

// parseOptions reads the members that go to Power BI.
func parseOptions(f *fields, kind machine.Kind, extra []string) powerbi.RefreshRequest {
	if f == nil {
		return powerbi.RefreshRequest{}
	}
	o := powerbi.RefreshRequest{
		NotifyOption: f.trimmed("notifyOption"), Type: f.trimmed("type"), CommitMode: f.trimmed("commitMode"),
		MaxParallelism: f.Integer("maxParallelism"), RetryCount: f.Integer("retryCount"),
		ApplyRefreshPolicy: f.Bool("applyRefreshPolicy"),
		EffectiveDate:      f.trimmed("effectiveDate"), Timeout: f.clock("timeout"),
	}
	o.Objects = f.objects("objects")
	o.Extra = f.extra(extra)
	f.done()
	for _, p := range o.Validate() {
		if at := f.At(p.Field); !f.problems.seen(at) {
			f.problems.add(string(p.Code), at, at+": "+p.Message+".")
		}
	}
	if kind == machine.Standard && o.Enhanced() {
		f.Report("", "InvalidCombination", "is given with kind standard, which takes no options but notifyOption: leave out the options, or kind")
	}
	if len(f.problems.list) > 0 {
		return powerbi.RefreshRequest{} // nothing will be made of it
	}
	return o.Canonical()
}

// clock reads a time of Power BI, hh:mm:ss.
func (f *fields) clock(name string) string {
	if v := f.Object.Member(name); v.Type() == httpjson.Number {
		f.Get(name)
		f.Report(name, httpjson.InvalidType, "must be a text hh:mm:ss: %sif %.20s are seconds", inSeconds(v.Raw(), powerbi.Clock), v.Raw())
		return ""
	}
	return f.trimmed(name)
}

func (f *fields) trimmed(name string) string { return strings.TrimSpace(f.Text(name)) }

// warnings name what Power BI would ignore, and is not sent therefore.
func warnings(kind machine.Kind, o powerbi.RefreshRequest) []Detail {
	const target = "options.notifyOption"
	switch {
	case o.NotifyOption == "", kind == machine.Standard:
		return nil
	case kind == machine.Auto:
		return []Detail{{Code: "OptionIgnored", Target: target, Message: target + " is sent only if the refresh is a standard one: it has no effect on an enhanced refresh, which kind auto makes where the workspace is on a dedicated capacity."}}
	}
	return []Detail{{Code: "OptionIgnored", Target: target, Message: target + " has no effect on an enhanced refresh and is not sent."}}
}

// shape is what is asked for, in canonical spelling. Options that only an enhanced
// refresh takes make it one; without a type, it does what a standard refresh does.
func shape(kind machine.Kind, o powerbi.RefreshRequest) (machine.Shape, machine.Tuning) {
	tuning := machine.Tuning{MaxParallelism: o.MaxParallelism, RetryCount: o.RetryCount, Timeout: o.Timeout}
	if o.Enhanced() {
		kind = machine.Enhanced
	}
	s := machine.Shape{Kind: kind, Type: o.Type, CommitMode: o.CommitMode, ApplyPolicy: o.ApplyRefreshPolicy, EffectiveDate: o.EffectiveDate, Extra: o.ExtraText()}
	if s.Kind == machine.Enhanced {
		s.Type, s.CommitMode = or(s.Type, "Full"), or(s.CommitMode, "Transactional")
	}
	for _, object := range o.Objects {
		s.Objects = append(s.Objects, machine.Object{Table: object.Table, Partition: object.Partition})
	}
	return s, tuning
}
