package handler

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"pbirefresh/internal/httpjson"
)

// Bounds of the labels of one request.
const (
	maxLabels     = 10
	maxLabel      = 200  // characters
	maxLabelBytes = 2000 // of all labels
)

// labels reads the free texts by which GET /api/operations finds the operation, such as the
// run id of a pipeline. They are no part of what an idempotency key stands for.
func (f *fields) labels(name string) []string {
	v := f.Get(name)
	if v.Missing() {
		return nil
	}
	if v.Type() != httpjson.Array || v.Len() > maxLabels {
		f.Report(name, "InvalidValue", "must be an array of at most %d texts such as [\"run-4711\"]", maxLabels)
		return nil
	}
	var labels []string
	size := 0
	for item, form := range f.Items(name, v) {
		label, _ := item.Text() // empty if it is no text
		if !validLabel(label) {
			form.Report("", "InvalidValue", "must be a text of 1 to %d characters on one line", maxLabel)
			return nil
		}
		size += len(label)
		labels = append(labels, strings.Clone(label))
	}
	if size > maxLabelBytes {
		f.Report(name, "OverLimit", "has %d bytes of text, more than %d: shorten the labels", size, maxLabelBytes)
		return nil
	}
	return labels
}

func validLabel(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= maxLabel && !strings.ContainsFunc(s, unicode.IsControl)
}

// rerunLabel is the label of an operation that repeats another one.
func rerunLabel(id string) string { return fmt.Sprintf("rerun of %s", id) }
