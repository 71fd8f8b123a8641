package handler

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The forms of a list.
const (
	formJSON   = "application/json"
	formCSV    = "text/csv"
	formNDJSON = "application/x-ndjson" // one JSON object a line
)

// listForm returns the form that the caller prefers by Accept; JSON if it has no preference.
func listForm(h http.Header) (string, error) {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return formJSON, nil
	}
	best, weight := "", 0.0
	for part := range strings.SplitSeq(accept, ",") {
		kind, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if text, there := parameters["q"]; there {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		if form := formOf(kind); form != "" && q > weight {
			best, weight = form, q
		}
	}
	if best == "" {
		return "", &Error{Status: http.StatusNotAcceptable, Code: "NotAcceptable", Target: "Accept",
			Message: "The list can be had as " + formJSON + ", " + formCSV + " or " + formNDJSON + ". Name one of them in the header Accept."}
	}
	return best, nil
}

func formOf(kind string) string {
	switch kind {
	case formJSON, "application/*", "*/*", "text/json":
		return formJSON
	case formCSV, "text/*":
		return formCSV
	case formNDJSON, "application/ndjson", "application/jsonl":
		return formNDJSON
	}
	return ""
}

// row is an element of a list.
type row interface {
	columns() []string // the names of the columns in CSV
	cells() []string
}

// writeList sends a page. The link to the next one is also in the header Link: the other
// forms have no place for it.
func writeList[T row](w http.ResponseWriter, form string, rows []T, next string) error {
	if next != "" {
		w.Header().Set("Link", "<"+next+`>; rel="next"`)
	}
	w.Header().Set("Vary", "Accept")
	switch form {
	case formCSV:
		return writeBody(w, http.StatusOK, formCSV, csvOf(rows))
	case formNDJSON:
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		for _, r := range rows {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return writeBody(w, http.StatusOK, formNDJSON, b.Bytes())
	}
	if rows == nil {
		rows = []T{}
	}
	return writeJSON(w, http.StatusOK, struct {
		Value []T    `json:"value"`
		Next  string `json:"nextLink,omitempty"`
	}{rows, next})
}

func csvOf[T row](rows []T) []byte {
	var zero T
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	_ = out.Write(zero.columns()) // a buffer takes everything
	for _, r := range rows {
		cells := r.cells()
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return b.Bytes()
}

// inert keeps a spreadsheet from taking a text for a formula: labels and names are chosen
// by callers (OWASP: CSV injection).
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
