package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"pbirefresh/handler"
)

// progress is a live line: rewritten in place on a terminal, and a line for each
// change elsewhere.
type progress struct {
	w     io.Writer
	live  bool
	began time.Time
	last  string
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, live: isTerminal(w), began: time.Now()}
}

func (p *progress) show(doc handler.StatusDocument) {
	text := fmt.Sprintf("%-10s %s", doc.Status, doc.Phase)
	if b := doc.BlockedBy; b != nil {
		text += ", waits for " + b.Reason
		if b.Type != "" {
			text += " (" + b.Type + ")"
		}
		if b.Message != "" {
			text += ": " + printable(b.Message)
		}
	}
	if g := doc.Progress; g != nil && g.Percent != nil {
		text += fmt.Sprintf(" %d %%", *g.Percent)
	}
	elapsed := time.Since(p.began).Round(time.Second)
	switch {
	case p.live:
		fmt.Fprintf(p.w, "\r\033[K  %6s  %s", elapsed, text)
	case text != p.last:
		fmt.Fprintf(p.w, "  %6s  %s\n", elapsed, text)
	}
	p.last = text
}

func (p *progress) end() {
	if p.live {
		fmt.Fprintln(p.w)
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
