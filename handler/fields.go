package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pbirefresh/internal/guid"
	"pbirefresh/internal/httpjson"
	"pbirefresh/powerbi"
	"pbirefresh/refresh/machine"
)

const (
	// maxDepth is deeper than any request needs to be.
	maxDepth = 16
	// maxObjects is how many tables and partitions a request may name. More would not fit
	// into what is kept of it ([machine.MaxShape]), so they are counted before they are read.
	maxObjects = 1000
)

// fields reads the members of one JSON object of a body.
type fields struct {
	*httpjson.Form
	problems *problems // shared by all objects of one body
}

// parseObject reads a body that must be one JSON object.
func parseObject(body []byte) (*fields, []Detail) {
	v, err := httpjson.Parse(body, maxDepth)
	var wrong *httpjson.Error
	switch {
	case errors.As(err, &wrong):
		return nil, []Detail{bodyProblem(wrong)}
	case v.Type() != httpjson.Object:
		return nil, []Detail{{Code: "InvalidJSON", Target: "body", Message: `The body must be a JSON object such as {"workspaceId":"...","datasetId":"..."}.`}}
	}
	p := &problems{}
	return &fields{httpjson.NewForm(v, "", p.report), p}, nil
}

func bodyProblem(e *httpjson.Error) Detail {
	switch e.Kind {
	case httpjson.Empty:
		return Detail{Code: "InvalidJSON", Target: "body", Message: `The body is empty. Send a JSON object such as {"workspaceId":"...","datasetId":"..."} with a Content-Length.`}
	case httpjson.Charset:
		return Detail{Code: "InvalidCharset", Target: "body", Message: fmt.Sprintf("The body cannot be read: %s (near byte %d).", e.Reason, e.Offset)}
	case httpjson.Duplicate:
		field := strings.TrimPrefix(e.Path, ".")
		return Detail{Code: "DuplicateField", Target: or(field, "body"), Message: fmt.Sprintf("The field %.80q is there twice. Keep one.", field)}
	case httpjson.Syntax, httpjson.TooDeep:
	}
	return Detail{Code: "InvalidJSON", Target: "body", Message: fmt.Sprintf("The body is not valid JSON: %s (near byte %d).", e.Reason, e.Offset)}
}

// done reports the members that nothing has read.
func (f *fields) done() {
	var options []string
	f.Unknown(func(name string) string {
		if options == nil && f.Path == "" {
			options = optionNames()
		}
		return f.hint(name, options)
	})
}

// hint names what an unknown field may have been meant to be. In Power BI's own body the
// options stand at the top.
func (f *fields) hint(name string, options []string) string {
	if slices.Contains(options, name) {
		return "; it goes into options"
	}
	if meant := or(f.otherName(name), f.Similar(name)); meant != "" {
		return "; did you mean " + meant + "?"
	}
	return ""
}

// otherName is the field that other APIs and clients call name: groupId and dataset are the
// names of Power BI's own REST API and of its Fabric activity, semanticModelId of the portal.
func (f *fields) otherName(name string) string {
	field := map[string]string{
		"groupid": "workspaceId", "group": "workspaceId", "workspace": "workspaceId",
		"dataset": "datasetId", "semanticmodelid": "datasetId", "semanticmodel": "datasetId", "modelid": "datasetId", "model": "datasetId",
		"retries": "maxAttempts", "tables": "objects", "partitions": "objects", "refreshtype": "type",
	}[strings.ToLower(name)]
	if slices.Contains(f.Known(), field) {
		return field
	}
	return ""
}

// optionNames are the fields that go below options.
func optionNames() []string {
	below := &fields{httpjson.NewForm(httpjson.Value{}, "options", func(httpjson.Problem) bool { return false }), &problems{}}
	parseOptions(below, machine.Auto, nil)
	return below.Known()
}

// KnownOption reports whether this version knows an option, which then needs no setting.
func KnownOption(name string) bool { return slices.Contains(optionNames(), name) }

func (f *fields) guid(name string) string {
	written := f.Text(name)
	// As .NET prints a Guid with format B, and as lines of files and lookups end.
	s := strings.ToLower(strings.TrimSpace(written))
	if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	switch {
	case f.problems.seen(f.At(name)), guid.Valid(s):
	case s == "":
		f.Report(name, "Missing", "is missing: it is the GUID in the address of the workspace or model in the Power BI portal")
	default:
		f.Report(name, "InvalidValue", "must be a GUID such as f089354e-8366-4e18-aea3-4cb4a3a50b48, not %.60q", written)
	}
	return s
}

// word reads one of several words; the first is the default.
func (f *fields) word(name string, words ...string) string {
	s := strings.TrimSpace(f.Text(name))
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return w
		}
	}
	if s != "" {
		f.Report(name, "InvalidValue", "must be one of %s, not %.60q", strings.Join(words, ", "), s)
	}
	return words[0]
}

// duration reads a length of time, and whether there is one.
func (f *fields) duration(name string, otherwise time.Duration) (time.Duration, bool) {
	if v := f.Object.Member(name); v.Type() == httpjson.Number {
		f.Get(name)
		f.Report(name, httpjson.InvalidType, `must be a duration in quotes, with its unit: %sif %.20s are seconds`, inSeconds(v.Raw(), func(d time.Duration) string { return d.String() }), v.Raw())
		return otherwise, true
	}
	s := strings.TrimSpace(f.Text(name))
	if s == "" {
		return otherwise, false
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < minTimeout || d > maxTimeout {
		f.Report(name, "InvalidValue", "must be a duration from 1m to %dh such as 90m or 2h30m, not %.60q", int(maxTimeout.Hours()), s)
		return otherwise, true
	}
	return d, true
}

// inSeconds is the text to write for a number, if it is one of seconds.
func inSeconds(raw string, written func(time.Duration) string) string {
	n, err := strconv.ParseUint(raw, 10, 24)
	if err != nil {
		return `such as "2h", `
	}
	return fmt.Sprintf("write %q, ", written(time.Duration(n)*time.Second)) //nolint:gosec // 24 bits
}

// integer reads a whole number within bounds, and whether there is one.
func (f *fields) integer(name string, otherwise, low, high int) (int, bool) {
	n := f.Integer(name)
	if n == nil {
		return otherwise, f.problems.seen(f.At(name))
	}
	if *n < low || *n > high {
		f.Report(name, "InvalidValue", "must be a whole number from %d to %d", low, high)
		return otherwise, true
	}
	return *n, true
}

func (f *fields) object(name string) *fields {
	if form := f.Form.Form(name); form != nil {
		return &fields{form, f.problems}
	}
	return nil
}

// objects reads the tables and partitions. It must be an array: Power BI takes no other form.
func (f *fields) objects(name string) []powerbi.Object {
	v := f.Get(name)
	n := v.Len()
	switch {
	case v.Missing():
		return nil
	case v.Type() != httpjson.Array:
		f.Report(name, httpjson.InvalidType, `must be an array such as [{"table":"Sales"}]`)
		return nil
	case n > maxObjects:
		f.Report(name, "OverLimit", "has %d objects, more than %d: name whole tables in place of their partitions, or refresh the whole model", n, maxObjects)
		return nil
	}
	objects := make([]powerbi.Object, 0, n)
	for item, form := range f.Items(name, v) {
		if f.problems.full() {
			return nil
		}
		// One that cannot be read stays, empty: the others keep their index.
		var o powerbi.Object
		if item.Type() != httpjson.Object {
			form.Report("", httpjson.InvalidType, `must be an object such as {"table":"Sales"} or {"table":"Sales","partition":"2026"}`)
		} else {
			// Copies: what is kept of a request must not keep its whole body.
			o = powerbi.Object{Table: strings.Clone(form.Text("table")), Partition: strings.Clone(form.Text("partition"))}
			(&fields{form, f.problems}).done()
		}
		objects = append(objects, o)
	}
	return objects
}

// extra reads the options that this version does not know and the operator lets through.
func (f *fields) extra(names []string) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	for _, name := range names {
		if v := f.Get(name); !v.Missing() {
			if all == nil {
				all = map[string]json.RawMessage{}
			}
			all[name] = json.RawMessage(v.Raw()) // a copy
		}
	}
	return all
}
