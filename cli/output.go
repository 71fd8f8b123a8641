package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
)

// The formats of results.
const (
	formatTable = "table"
	formatJSON  = "json"
)

// format is a flag with the name of a format.
type format string

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "format" }
func (f *format) Set(s string) error {
	if s != formatTable && s != formatJSON {
		return fmt.Errorf("it is table or json")
	}
	*f = format(s)
	return nil
}

// outputFlag adds --output.
func outputFlag(cmd *cobra.Command, f *format) {
	*f = formatTable
	cmd.Flags().VarP(f, "output", "o", "`format` of the result: table or json")
	completeWords(cmd, "output", formatTable, formatJSON)
}

// output is how a command shows an operation.
type output struct {
	env     Environment
	format  format
	quiet   bool
	showURL bool
	maxWait time.Duration
}

func (o *output) add(cmd *cobra.Command) {
	outputFlag(cmd, &o.format)
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print only the result and errors")
	cmd.Flags().BoolVar(&o.showURL, "show-url", false, "print the status URL with its signature, which grants access")
}

// talk prints what is no result.
func (o output) talk(text string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(o.env.Stderr, text, args...)
	}
}

// print prints an operation as a result.
func (o output) print(doc handler.StatusDocument) error {
	if !o.showURL {
		doc = withoutSignature(doc)
	}
	if o.format == formatJSON {
		return PrintJSON(o.env.Stdout, doc)
	}
	t := tabwriter.NewWriter(o.env.Stdout, 0, 0, 2, ' ', 0)
	for _, row := range o.rows(doc) {
		if row[1] != "" {
			fmt.Fprintf(t, "%s\t%s\n", row[0], row[1])
		}
	}
	return t.Flush()
}

// rows are the names and values that describe an operation.
func (o output) rows(doc handler.StatusDocument) [][2]string {
	rows := [][2]string{
		{"status", o.paint(doc.Status)},
		{"operation", doc.ID},
		{"workspace", doc.WorkspaceID},
		{"model", doc.DatasetID},
		{"requested", moments(doc.Created, time.Time{})},
		{"started", moments(doc.Started, time.Time{})},
		{"ended", moments(doc.Ended, cmp.Or(doc.Started, doc.Created))},
	}
	if !doc.Status.Terminal() {
		rows = append(rows, [2]string{"now", situation(doc)})
	}
	for i, a := range doc.Attempts {
		rows = append(rows, [2]string{fmt.Sprintf("attempt %d", i+1), attemptText(a)})
	}
	if doc.Progress != nil {
		rows = append(rows, objectRows(doc.Progress.Objects)...)
	}
	if doc.Error != nil {
		rows = append(rows, [2]string{"error", doc.Error.Code}, [2]string{"", printable(doc.Error.Message)})
	}
	if o.showURL {
		rows = append(rows, [2]string{"status URL", doc.StatusURL})
	}
	return rows
}

func objectRows(objects []machine.Progress) (rows [][2]string) {
	for _, object := range objects {
		rows = append(rows, [2]string{"table", printable(objectText(object))})
	}
	return rows
}

func attemptText(a handler.Attempt) string {
	text := fmt.Sprintf("%s  %s  %s", moments(a.Requested, time.Time{}), a.Kind, a.Outcome)
	if !a.Started.IsZero() && !a.Ended.IsZero() {
		text += " after " + a.Ended.Sub(a.Started).Round(time.Second).String()
	}
	if a.RefreshID != "" {
		text += "  refresh " + printable(a.RefreshID)
	}
	return text
}

// paint gives a status its colour on a terminal.
func (o output) paint(s machine.Status) string {
	colour := map[machine.Status]string{machine.StatusSucceeded: "32", machine.StatusFailed: "31", machine.StatusCanceled: "33"}[s]
	if colour == "" || !o.env.colored(o.env.Stdout) {
		return string(s)
	}
	return "\033[" + colour + "m" + string(s) + "\033[0m"
}

// printTable prints rows in columns. An empty cell is a dash, and foreign text moves no cursor.
func printTable(w io.Writer, head []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(head, "\t"))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = cmp.Or(printable(cell), "-")
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// moments is a time, with how long after another it was.
func moments(at, since time.Time) string {
	if at.IsZero() {
		return ""
	}
	text := at.UTC().Format("2006-01-02 15:04:05Z")
	if took := at.Sub(since).Round(time.Second); !since.IsZero() && took > 0 {
		text += " after " + took.String()
	}
	return text
}

// PrintJSON prints a value for people and programs.
func PrintJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// objectText names a table or partition with its state.
func objectText(p machine.Progress) string {
	name := p.Table
	if p.Partition != "" {
		name += "/" + p.Partition
	}
	return strings.TrimSpace(name + "  " + p.Status)
}
